"""What is held or refused is settled on a page: with a reason, by a form of ours, kept for ever."""

import re

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, update

from models.keys import encode
from models.store import decisions, tables
from models.store.engine import reading, writing
from tests.inbox import world

HELD, REFUSED = "/settle/held/1", "/settle/refused/2"
GIVEN = {"how": "supersede", "reason": "见三月对账单 <b>", "who": "王主任"}


@pytest.fixture
def store(inbox: FastAPI) -> Engine:
    """The store behind the pages, in which the held row holds an entry."""
    engine: Engine = inbox.state.inbox.engine
    with writing(engine) as connection:
        connection.execute(update(tables.HELD).values(body=encode(world.ENTRY).decode()))
    return engine


def send(client: TestClient, path: str, **changed: str) -> httpx.Response:
    """Fill the form of a page in and send it."""
    token = re.search(r'name="token" value="(\w+)"', client.get(path).text)
    told = {**GIVEN, "token": token[1] if token else "", **changed}
    answer: httpx.Response = client.post(path, data=told, follow_redirects=False)
    return answer


def kept(store: Engine) -> list[tuple[int | None, str, str, str]]:
    """Every decision: held row, how, reason, who."""
    columns = tables.DECISIONS.c
    query = select(columns.held_id, columns.how, columns.reason, columns.who)
    with reading(store) as connection:
        return [tuple(row) for row in connection.execute(query.order_by(columns.decision_id))]


def test_page_says_what_waits(client: TestClient, store: Engine) -> None:
    """File, position, reason, first seen, tries, what would be told, and the original, masked."""
    page = client.get(HELD, params={"lang": "en"}).text
    assert store
    for told in (
        "ccb-20240301.csv",
        "row 3",
        "after its statement",
        "2024-03-06 09:02",
        "6,000.00",
    ):
        assert told in page
    assert "<dt>Tries</dt><dd>1</dd>" in page
    assert [] == [each for each in world.PERSONAL if each in page]
    assert [HELD, REFUSED] == sorted(
        set(re.findall(r'"(/settle/\w+/\d+)"', client.get("/held").text))
    )


def test_text_that_is_no_fact_is_not_shown(client: TestClient, store: Engine) -> None:
    """What nobody could mask stays in the archive, and cannot be accepted."""
    with writing(store) as connection:
        connection.execute(update(tables.HELD).values(body=f"no fact of {world.PAYER}"))
    page = client.get(HELD).text
    assert world.PAYER not in page
    assert 'value="accept"' not in page
    assert 409 == send(client, HELD, how="accept").status_code


@pytest.mark.parametrize("path", [HELD, REFUSED])
def test_decision_is_kept_and_shown(client: TestClient, store: Engine, path: str) -> None:
    """The form leads back to the page, which shows decision, officer and reason, and no form."""
    answer = send(client, path)
    assert (303, path) == (answer.status_code, answer.headers["location"])
    page = client.get(path).text

    held_id = 1 if path == HELD else None
    assert [(held_id, "supersede", GIVEN["reason"], "王主任")] == kept(store)
    assert "见三月对账单 &lt;b&gt;" in page
    assert "王主任" in page
    assert 'method="post"' not in page


def test_accepted_row_waits_for_its_owner(client: TestClient, store: Engine) -> None:
    """What is to be told lies in the outbox, and the page says that it is being taken in."""
    assert 303 == send(client, HELD, how="accept").status_code
    assert "being taken in" in client.get(HELD, params={"lang": "en"}).text
    with writing(store) as connection:
        (task,) = decisions.tasks(connection)
    assert ("accept", 1) == (task.decision.how, task.about.held_id)


def test_sent_twice_is_kept_once(client: TestClient, store: Engine) -> None:
    """The back button makes no second decision; another officer is told who was first."""
    assert 303 == send(client, HELD, how="accept").status_code
    token = {"token": _token(client)}
    again = client.post(HELD, data=GIVEN | token | {"how": "accept"}, follow_redirects=False)
    other = client.post(HELD, data=GIVEN | token | {"who": "李"}, follow_redirects=False)
    assert (303, 409) == (again.status_code, other.status_code)
    assert 'role="alert"' in other.text
    assert "王主任" in other.text
    assert 1 == len(kept(store))


def _token(client: TestClient) -> str:
    from alerts.inbox.settling import _token as token  # noqa: PLC0415 -- the form is gone

    return token(client.app.state.inbox, HELD)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"token": "0" * 64}, 403),
        ({"token": ""}, 403),
        ({"reason": " "}, 409),
        ({"who": ""}, 409),
        ({"reason": "x" * 501}, 409),
        ({"how": "forget"}, 422),
        ({"reason": "x" * 20_001}, 413),
    ],
)
def test_wrong_form_changes_nothing(
    client: TestClient, store: Engine, changed: dict[str, str], status: int
) -> None:
    """A form of another page, one without reason or officer, a monstrous one: nothing is kept."""
    assert status == send(client, HELD, **changed).status_code
    assert [] == kept(store)


def test_form_of_another_place_is_refused(client: TestClient, store: Engine) -> None:
    """A token belongs to its page, and a browser that says the form is foreign is believed."""
    token = re.search(r'name="token" value="(\w+)"', client.get(REFUSED).text)
    assert token
    assert 403 == client.post(HELD, data=GIVEN | {"token": token[1]}).status_code
    headers = {"sec-fetch-site": "cross-site"}
    answer = client.post(REFUSED, data=GIVEN | {"token": token[1]}, headers=headers)
    assert 403 == answer.status_code
    assert [] == kept(store)


@pytest.mark.parametrize("path", ["/settle/held/9", "/settle/refused/1", "/settle/held/99"])
def test_nothing_to_settle(client: TestClient, path: str) -> None:
    """A number that is not there, and a file that is not refused, have no page."""
    assert 404 == client.get(path).status_code
