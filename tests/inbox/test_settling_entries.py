"""An entry that may be another is settled on a page: it is one that counts, or one of its own."""

import re

import httpx
import msgspec
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from models import facts as f
from models.findings import Step
from models.keys import fact_id
from models.store import decisions, unpaired
from models.store.engine import reading, writing
from models.store.unpaired import HeldEntry
from tests.inbox import world

LOOSE = [msgspec.structs.replace(world.ENTRY, serial=f"fp-{n}") for n in (1, 2)]
SURE = [msgspec.structs.replace(world.ENTRY, serial=serial) for serial in ("S1", "S2")]
SUBJECT = f"pairing/entries:{world.ACCOUNT}/2024-03-01/C/600000"
GIVEN = {"reason": "同一张回单", "who": "王主任"}


@pytest.fixture
def store(inbox: FastAPI) -> Engine:
    """The store behind the pages, with two entries that may be two others."""
    engine: Engine = inbox.state.inbox.engine
    held = [("held_entry", one.serial) for one in LOOSE]
    finding = msgspec.structs.replace(
        world.found("cannot-decide", SUBJECT, "blue", None),
        evidence=tuple(sorted(map(fact_id, (*LOOSE, *SURE)))),
        formula=tuple(
            Step(name, "", serial)
            for name, serial in [*held, *(("counting_entry", one.serial) for one in SURE)]
        ),
    )
    world.tell(engine, [*LOOSE, *SURE], [finding])
    return engine


def entries(store: Engine) -> list[HeldEntry]:
    """What is held."""
    with reading(store) as connection:
        return unpaired.held(connection)


def send(client: TestClient, path: str, **changed: str) -> httpx.Response:
    """Fill the form of a page in and send it."""
    token = re.search(r'name="token" value="(\w+)"', client.get(path).text)
    told = {**GIVEN, "token": token[1] if token else "", **changed}
    answer: httpx.Response = client.post(path, data=told, follow_redirects=False)
    return answer


def path_of(store: Engine) -> str:
    """The page of the first."""
    return f"/settle/entry/{entries(store)[0].held_as}"


def test_the_list_leads_to_each_entry(client: TestClient, store: Engine) -> None:
    """/held names file, position and subject of each; nothing personal is shown."""
    page = client.get("/held", params={"lang": "en"}).text
    links = set(re.findall(r'"(/settle/entry/\w+)(?:\?[^"]*)?"', page))

    assert {f"/settle/entry/{one.held_as}" for one in entries(store)} == links
    assert "6,000.00" in page
    assert [] == [each for each in world.PERSONAL if each in page]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_what_it_may_be(client: TestClient, store: Engine, language: str) -> None:
    """Its fields, both entries that count, and the form; masked."""
    page = client.get(path_of(store), params={"lang": language}).text

    assert all(f'value="supersede:{one.serial}"' in page for one in SURE)
    assert 'value="accept"' in page
    assert [] == [each for each in world.PERSONAL if each in page]


@pytest.mark.parametrize(("how", "same_as"), [("supersede:S2", fact_id(SURE[1])), ("accept", "")])
def test_what_was_said_waits_for_its_owner(
    client: TestClient, store: Engine, how: str, same_as: str
) -> None:
    """The decision lies in the outbox with its fact, and the page shows no form any more."""
    path = path_of(store)
    assert 303 == send(client, path, how=how).status_code
    with writing(store) as connection:
        (task,) = decisions.tasks(connection)

    fact = decisions.fact_of(task.decision.fact)
    expected = f.EntryPaired(entry=fact_id(LOOSE[0]), same_as=same_as, reason="王主任: 同一张回单")
    assert expected == fact
    assert 'method="post"' not in client.get(path).text


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"how": "accept", "token": ""}, 403),
        ({"how": "accept", "reason": " "}, 409),
        ({"how": "accept", "who": ""}, 409),
        ({"how": "supersede:NOWHERE"}, 409),
        ({"how": "resubmit"}, 422),
    ],
)
def test_a_wrong_form_says_nothing(
    client: TestClient, store: Engine, changed: dict[str, str], status: int
) -> None:
    """A foreign form, one without reason or officer, an unknown entry: nothing is kept."""
    assert status == send(client, path_of(store), **changed).status_code
    with writing(store) as connection:
        assert [] == decisions.tasks(connection)


def test_an_unknown_entry_has_no_page(client: TestClient, store: Engine) -> None:
    """Only what is held can be settled."""
    assert store
    assert 404 == client.get("/settle/entry/E000000000000").status_code
    assert 422 == client.get("/settle/entry/1").status_code
