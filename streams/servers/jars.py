"""The jars of Apache Kafka: fetched by jgo, and used only as `config/servers/kafka.lock` has them.

jgo writes locks with hashes and does not compare them when it fetches; so we compare.
Run as a program, it fetches what is missing and checks all; with --renew it writes the lock anew.
"""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import config
from streams.servers.process import ServerError, package

# What the lock is made of: Kafka, and a logger that writes plain lines to standard error.
ROOTS = "org.apache.kafka:kafka_2.13:4.3.1+org.slf4j:slf4j-simple:1.7.36"

LOCK = Path(config.__file__).parent / "servers" / "kafka.lock"

FETCH_ATTEMPTS = 3

_HEAD = "# This file was written by `make lock`: group:artifact:version sha256\n"


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(lock: Path = LOCK) -> list[Jar]:
    """The jars of a lock, in the order of the class path."""
    jars = []
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            continue
        name, _, sha256 = line.partition(" ")
        parts = name.split(":")
        if len(parts) != 3 or len(sha256) != 64:
            raise ServerError(f"{lock}:{number}: {line!r} is not group:artifact:version sha256")
        group, artifact, version = parts
        jars.append(Jar(group, artifact, version, sha256))
    return jars


def class_path(lock: Path = LOCK) -> list[Path]:
    """The files of the lock's jars, fetched where missing; a file of other bytes is refused.

    They lie where Maven keeps them (M2_REPO, else ~/.m2/repository). What is fetched comes there
    whole and checked: neither Ctrl-C nor a second process can leave half a jar behind.
    """
    kept = Path(package("jgo.constants").default_maven_repo())
    kept.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".escrow-", dir=kept) as fresh:
        context = package("jgo.maven").MavenContext(repo_cache=Path(fresh), local_repos=[kept])
        return [_keep(_checked(jar, context, lock), Path(fresh), kept) for jar in read_lock(lock)]


def _checked(jar: Jar, context: Any, lock: Path) -> Path:  # noqa: ANN401 - jgo comes late
    file = _fetched(jar, context)
    found = _sha256(file)
    if found != jar.sha256:
        raise ServerError(
            f"{file} is not the jar that was tested: its SHA-256 is {found}, {lock.name} says "
            f"{jar.sha256}. Delete the file, and it is fetched again"
        )
    return file


def _fetched(jar: Jar, context: Any) -> Path:  # noqa: ANN401 - jgo comes late
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    failed: Exception | None = None
    for _ in range(FETCH_ATTEMPTS):
        try:
            return Path(artifact.resolve())
        except (OSError, RuntimeError) as error:
            failed = error
            artifact.cached_path.unlink(missing_ok=True)  # what came before the line broke
    raise ServerError(f"{jar} cannot be fetched: {failed}") from failed


def _keep(file: Path, fresh: Path, kept: Path) -> Path:
    if not file.is_relative_to(fresh):
        return file
    target = kept / file.relative_to(fresh)
    target.parent.mkdir(parents=True, exist_ok=True)
    return file.replace(target)


def renew(lock: Path = LOCK) -> None:
    """Resolve ROOTS with all they need, and write the lock from what comes."""
    artifacts = package("jgo").resolve(ROOTS)
    lines = sorted(
        f"{each.groupId}:{each.artifactId}:{each.version} {_sha256(Path(each.resolve()))}\n"
        for each in artifacts
    )
    lock.write_text(_HEAD + "".join(lines), encoding="utf-8")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    if "--renew" in sys.argv:
        renew()
    class_path()
