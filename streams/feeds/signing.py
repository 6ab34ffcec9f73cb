"""How a request to the API is signed: HMAC-SHA256 over what it says, when, and its body's hash.

A key's secret is derived from the installation's own secret, which lies in a file and in no
database: a copy of the store alone signs nothing.
"""

import hmac
import os
import secrets
from pathlib import Path

_SECRET_BYTES = 32


class SecretFault(Exception):  # noqa: N818 -- it reads as the fact that it states
    """The installation's secret cannot be used: the file and what to do."""


def installation_secret(path: Path, *, make: bool) -> bytes:
    """Read the installation's secret, or make it where `make` says so; SecretFault."""
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
        secret = bytes.fromhex(text)
    except FileNotFoundError:
        raise SecretFault(f"{path} is missing; `escrow feeds add` makes it") from None
    except ValueError:
        raise SecretFault(f"{path} does not hold a secret in hex; restore it") from None
    if mode & 0o077:
        raise SecretFault(f"{path} can be read by others; chmod 600 it")
    if len(secret) < _SECRET_BYTES:
        raise SecretFault(f"{path} holds less than {_SECRET_BYTES} bytes; restore it")
    return secret


def new_key_id() -> str:
    """An id for a new key."""
    return secrets.token_hex(8)


def secret_of(installation: bytes, feed: str, key_id: str) -> str:
    """The secret of a key, 64 hex digits, as its holder was shown it."""
    return hmac.digest(installation, f"feed key\n{feed}\n{key_id}".encode(), "sha256").hex()


def signature(
    secret: str, *, method: str, target: str, time: str, nonce: str, idempotency: str, sha256: str
) -> str:
    """The signature, 64 hex digits; `target` is the path with its query as it was sent."""
    said = f"{method}\n{target}\n{time}\n{nonce}\n{idempotency}\n{sha256}"
    return hmac.digest(secret.encode(), said.encode(), "sha256").hex()


def is_equal(one: str, other: str) -> bool:
    """Whether two signatures are the same, told in a time that says nothing about either."""
    return hmac.compare_digest(one.encode(), other.encode())
