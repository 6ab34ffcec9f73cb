"""The inbox behind uvicorn, on one loopback address."""

import uvicorn
from sqlalchemy import Engine

from alerts.evaluation import Law
from alerts.inbox.app import create_app
from alerts.inbox.guard import is_loopback
from config.settings import Settings


def serve(engine: Engine, settings: Settings, law: Law, host: str, port: int) -> None:
    """Serve the inbox until interrupted; an address that others can reach is refused."""
    if not is_loopback(host):
        raise ValueError(f"{host} can be reached by others; use 127.0.0.1, ::1 or localhost")
    uvicorn.run(
        create_app(engine, settings, law),
        host=host,
        port=port,
        access_log=False,  # addresses hold what officers searched for
        log_level="warning",
        proxy_headers=False,  # or a header could claim to come from this machine
        server_header=False,
    )
