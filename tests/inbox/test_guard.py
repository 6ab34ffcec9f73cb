"""Only this machine may read the inbox, and a browser may do little with the answer."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from alerts.inbox.guard import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.255.0.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("", False),
        (None, False),
        ("0.0.0.0", False),  # noqa: S104 -- an address that is refused
        ("10.0.0.1", False),
        ("128.0.0.1", False),
        ("::", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("2130706433", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str | None, expected: bool) -> None:
    """127.0.0.0/8, ::1 and localhost are this machine, nothing else is."""
    assert expected == is_loopback(host)


@pytest.mark.parametrize("page", ["/", "/metrics", "/healthz", "/static/style.css", "/nowhere"])
@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.2", "2001:db8::1", "testclient"])
def test_stranger_is_refused(inbox: FastAPI, page: str, address: str) -> None:
    """A caller of another machine gets 403 for every address."""
    stranger = TestClient(inbox, base_url="http://127.0.0.1", client=(address, 50000))

    assert 403 == stranger.get(page).status_code


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "[::2]:80", "127.0.0.1.x"])
def test_foreign_host_header_is_refused(client: TestClient, host: str) -> None:
    """A page of a stranger whose name leads here cannot read the inbox."""
    assert 403 == client.get("/", headers={"host": host}).status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost:8765", "[::1]:8765"])
def test_own_host_header_is_served(client: TestClient, host: str) -> None:
    """Every name of this machine is served, with and without port."""
    assert 200 == client.get("/", headers={"host": host}).status_code


def test_forwarding_header_lets_nobody_in(inbox: FastAPI) -> None:
    """What a header says of the caller is not believed."""
    stranger = TestClient(inbox, base_url="http://127.0.0.1", client=("10.0.0.7", 50000))

    assert 403 == stranger.get("/", headers={"x-forwarded-for": "127.0.0.1"}).status_code


@pytest.mark.parametrize("page", ["/", "/metrics", "/static/keys.js", "/nowhere"])
def test_every_answer_has_the_security_headers(client: TestClient, page: str) -> None:
    """The content policy allows our own files only, and nothing is cached or framed."""
    headers = client.get(page).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "nosniff" == headers["x-content-type-options"]
    assert "no-referrer" == headers["referrer-policy"]
    assert "DENY" == headers["x-frame-options"]
    assert headers["cache-control"].startswith("no-")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_only_read(client: TestClient, method: str) -> None:
    """No address takes anything in but the form on which what is held is settled."""
    for page in ("/", "/held", "/findings/x", "/files/2"):
        assert 405 == client.request(method, page).status_code


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/openapi.json"])
def test_generated_pages_of_the_framework_are_off(client: TestClient, page: str) -> None:
    """FastAPI's own pages, which load scripts from elsewhere, do not exist."""
    assert 404 == client.get(page).status_code


def test_static_files_do_not_lead_out(client: TestClient) -> None:
    """No path leads from the static files to others."""
    assert 404 == client.get("/static/..%2fapp.py").status_code
    assert 404 == client.get("/static/%2e%2e/app.py").status_code
