"""A process's own page for operators: `/metrics`, `/healthz` and `/ready` on a port of its own."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

NOT_READY = HTTPStatus.SERVICE_UNAVAILABLE


def serve(
    host: str, port: int, registry: CollectorRegistry, faults: Callable[[], list[str]]
) -> ThreadingHTTPServer:
    """Serve in a thread until shutdown(); `faults` says why the process is not ready."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer one request."""
            status, kind, body = HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n"
            if self.path == "/metrics":
                kind, body = CONTENT_TYPE_LATEST, generate_latest(registry)
            elif self.path == "/ready":
                found = faults()
                if found:
                    status, body = NOT_READY, "".join(f"{one}\n" for one in found).encode()
            elif self.path != "/healthz":
                status, body = HTTPStatus.NOT_FOUND, b"there are /metrics, /healthz and /ready\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's own
            """Say nothing: a scrape every few seconds is no news."""

    server = ThreadingHTTPServer((host, port), Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
