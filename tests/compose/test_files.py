"""The rules that docker-compose.yml, Dockerfile and .env.example keep; no engine is needed."""

import re

import pytest
from pydantic import ValidationError

from config.settings import Settings
from tests.compose.files import Compose, Service, compose, example_environment, variables
from tests.house import PACKAGES, ROOT

SERVICES = compose(example_environment()).services
OURS = {name: service for name, service in SERVICES.items() if service.is_ours}
LASTING = {name: each for name, each in SERVICES.items() if each.restart != "no"}


def test_all_services_are_there() -> None:
    """Everything that an installation needs is a service."""
    servers = {"kafka", "postgres", "prometheus"}
    ours = {"migrate", "topics", "gateway", "inbound", "worker", "door", "inbox"}

    assert servers | ours == set(SERVICES)
    assert ours == set(OURS)


@pytest.mark.parametrize("name", SERVICES)
def test_service_can_do_little(name: str) -> None:
    """No service has capabilities or may gain any; ours and the data's have a read-only root."""
    service = SERVICES[name]

    assert ["ALL"] == service.cap_drop
    assert ["no-new-privileges:true"] == service.security_opt
    # Kafka's own image names its user itself, and writes beside its program.
    assert name == "kafka" or service.read_only
    assert name == "kafka" or service.user not in (None, "root", "0")


@pytest.mark.parametrize("name", [name for name in LASTING if name != "door"])
def test_lasting_service_has_a_health_check(name: str) -> None:
    """The engine can ask every service that stays; the door has nothing of its own to say."""
    assert SERVICES[name].healthcheck is not None


def test_only_the_door_is_published_and_only_on_loopback() -> None:
    """Inbox and Prometheus are reached through one container, on 127.0.0.1 of the machine."""
    published = {name: service.ports for name, service in SERVICES.items() if service.ports}

    assert {"door": ["127.0.0.1:8765:8766", "127.0.0.1:9090:9090"]} == published
    assert {"service:door"} == {SERVICES[name].network_mode for name in ("inbox", "prometheus")}


def test_only_the_door_stands_outside() -> None:
    """No other service is in a network that reaches further than these containers."""
    networks = compose(example_environment()).networks

    assert networks["inside"].internal
    assert ["door"] == [name for name, each in SERVICES.items() if "outside" in each.networks]
    assert all(each.networks or each.network_mode for each in SERVICES.values())


def test_worker_can_be_scaled() -> None:
    """Several workers get in nobody's way: no port, no volume, no name of their own."""
    worker = SERVICES["worker"]

    assert ([], []) == (worker.ports, worker.volumes)
    assert "container_name" not in Service.model_fields


@pytest.mark.parametrize("name", OURS)
def test_environment_holds_settings_that_exist(name: str) -> None:
    """Every variable that our image is given is a setting."""
    known = {f"ESCROW_{field.upper()}" for field in Settings.model_fields}

    assert set() == SERVICES[name].environment.keys() - known


def test_every_name_leads_somewhere() -> None:
    """Networks, volumes and dependencies that a service names are there."""
    whole = compose(example_environment())
    named = {v.partition(":")[0] for each in SERVICES.values() for v in each.volumes}

    assert set(whole.volumes) == {name for name in named if not name.startswith(".")}
    assert set(whole.networks) == {name for each in SERVICES.values() for name in each.networks}
    assert set(SERVICES) >= {name for each in SERVICES.values() for name in each.depends_on}


def test_example_names_every_variable_and_no_other() -> None:
    """.env.example has what docker-compose.yml asks for."""
    assert variables() == set(example_environment())


def test_without_a_password_nothing_starts() -> None:
    """The password of the database has no default."""
    with pytest.raises(KeyError, match="POSTGRES_PASSWORD"):
        compose({})


@pytest.mark.parametrize(
    "fault",
    [
        {"image": "postgres"},
        {"image": "postgres:latest"},
        {"ports": ["8765:8766"]},
        {"ports": ["0.0.0.0:8765:8766"]},
        {"container_name": "worker"},
        {"privileged": True},
        {"restart": False},
    ],
    ids=str,
)
def test_fault_is_found(fault: dict[str, object]) -> None:
    """A tag that moves, an open port and a part that nobody checks are refused."""
    whole = compose(example_environment()).model_dump(exclude_unset=True)
    Compose.model_validate(whole)
    whole["services"]["worker"] |= fault

    with pytest.raises(ValidationError):
        Compose.model_validate(whole)


# --- the image ------------------------------------------------------------------------------------


def test_image_is_pinned_and_runs_as_somebody() -> None:
    """Each stage begins with a version, and the last user is not root."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user = re.findall(r"^USER (\S+)$", text, re.MULTILINE)

    assert all(":3.11." in image for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    assert {service.user for service in OURS.values()} == {user[-1]}


def test_image_holds_the_packages() -> None:
    """What is copied into the image exists, is sent to the engine, and is all that runs."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    named = re.findall(r"^COPY (\w[\w. -]*) /", text, re.MULTILINE)
    copied = {name for names in named for name in names.split()}
    locks = {"requirements-run.lock", "requirements-compiler.lock"}

    assert all((ROOT / name).exists() and f"\n!{name}\n" in sent for name in copied)
    assert set(PACKAGES) - {"bench", "tests"} == copied - locks
    assert "python -m streams.compiling /program" in text
    assert "COPY --from=program /program /opt/escrow/program" in text
