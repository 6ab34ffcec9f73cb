"""Who may ask, and what a browser may do with the answer. There is no login yet."""

from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# `style-src` without 'unsafe-inline' and `script-src` without 'unsafe-eval': a name from a bank
# file that got through the escaping of the templates would still be text.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(host: str | None) -> bool:
    """Whether an address or a name without port can only mean this machine."""
    if not host:
        return False
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback


def host_of(header: str) -> str:
    """The name in a Host header, without port and without the brackets of IPv6."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]


class Guard:
    """Refuses callers and Host headers that are not loopback, and adds the security headers.

    The Host header is checked too: a page of a stranger whose name resolves to 127.0.0.1 would
    otherwise read the inbox through the officer's own browser.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        host = host_of(Headers(scope=scope).get("host", ""))
        if not is_loopback(client[0] if client else None) or not is_loopback(host):
            refusal = PlainTextResponse("Only this machine may read the inbox.\n", 403)
            await refusal(scope, receive, _with_headers(send))
            return
        await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            # Pages hold figures of a moment and masked names: neither belongs in a cache.
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_guarded
