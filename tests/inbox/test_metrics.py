"""The metrics tell what the store holds, at the moment of the scrape."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, insert, update

from models.store import tables
from models.store.engine import writing
from tests.inbox import world

Samples = dict[tuple[str, ...], float]


def samples(client: TestClient, name: str) -> Samples:
    """The samples of a metric by the values of its labels, in the order of the labels' names."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def test_standing_findings_by_county_level_and_rule(client: TestClient) -> None:
    """Each combination that stands is one sample."""
    expected: Samples = {
        ("东湖区", "blue", "cannot-decide"): 1,
        ("东湖区", "orange", "charge-amount"): 1,
        ("东湖区", "red", "coverage-short"): 1,
        ("东湖区", "red", "payment-outside-account"): 1,
        ("西湖区", "yellow", "refund-late"): 1,
    }

    assert expected == samples(client, "escrow_findings")


def test_findings_follow_the_store(client: TestClient, inbox: FastAPI) -> None:
    """A finding that clears is gone at the next scrape."""
    assert 5 == len(samples(client, "escrow_findings"))

    with writing(inbox.state.inbox.engine) as connection:
        connection.execute(delete(tables.FINDINGS).where(tables.FINDINGS.c.level == "red"))

    assert 3 == len(samples(client, "escrow_findings"))


def test_feed_lag_in_seconds(client: TestClient) -> None:
    """From the last closing, 4 March, to the closed day, 6 March, are two days."""
    lag = samples(client, "escrow_feed_lag_seconds")

    assert [172_800] == list(lag.values())
    assert [("6217***********0123", "ccb")] == [labels[:2] for labels in lag]


@pytest.mark.parametrize(
    ("closed", "late"), [("2024-03-10", "no feed late"), ("2024-03-11", "1 feed late")]
)
def test_feed_is_late_beyond_its_rhythm_and_three_days(
    client: TestClient, inbox: FastAPI, closed: str, late: str
) -> None:
    """The last two closings are 3 days apart: 6 days of lag are in time, 7 are late."""
    with writing(inbox.state.inbox.engine) as connection:
        connection.execute(update(tables.PROGRESS).values(closed_day=closed))

    assert late in client.get("/?lang=en").text


def test_facts_by_kind_and_outcome(client: TestClient) -> None:
    """Contents by kind are journaled; an id with two contents is contested."""
    facts = samples(client, "escrow_facts_total")

    assert 4 == facts["EntryBooked", "journaled"]
    assert 1 == facts["EntryBooked", "contested"]
    assert 1 == facts["ContractStated", "journaled"]


def test_held_rows_by_kind_of_reason(client: TestClient, inbox: FastAPI) -> None:
    """Reasons that differ in numbers alone are one kind; beyond thirty kinds there is `other`."""
    columns = tables.HELD.c
    common = {"file_id": 1, "position": "", "statement": "", "account": "", "body": ""}
    with writing(inbox.state.inbox.engine) as connection:
        connection.execute(delete(tables.HELD))
        for place in range(64):
            reason = f"row {place} of {world.ACCOUNT}" if place % 2 else "reason " + "x" * place
            values = {**common, "reason": reason, "first_seen": "", "tries": 0, "state": "waiting"}
            connection.execute(insert(tables.HELD).values(values))
        connection.execute(
            update(tables.HELD).where(columns.reason == "reason ").values(state="released")
        )

    held = samples(client, "escrow_held_total")

    assert 32 == held["row … of …",]
    assert 31 == len(held)
    assert 2 == held["other",]


def test_institutions_still_to_be_judged_anew(client: TestClient, inbox: FastAPI) -> None:
    """Judged by another policy, calendar or release: counted, and said on every page."""
    assert {(): 0.0} == samples(client, "escrow_stale_institutions")
    assert "judged anew" not in client.get("/?lang=en").text

    for count, (name, institution) in enumerate(
        [("evaluated_calendar", "NC-0001"), ("evaluated_policy", "NC-0002")], start=1
    ):
        with writing(inbox.state.inbox.engine) as connection:
            mine = tables.INSTITUTIONS.c.institution == institution
            connection.execute(update(tables.INSTITUTIONS).where(mine).values({name: "older"}))

        assert {(): float(count)} == samples(client, "escrow_stale_institutions")
    assert "2 institutions still to be judged anew" in client.get("/held?lang=en").text
    assert "2 家机构待按现行参数重新研判" in client.get("/").text


def test_health_and_readiness(client: TestClient, inbox: FastAPI) -> None:
    """Healthy while it answers; ready while the store does, with its closed day."""
    assert {"status": "ok"} == client.get("/healthz").json()
    assert {"ready": True, "closed_day": "2024-03-06", "parked": 0} == client.get("/ready").json()

    with writing(inbox.state.inbox.engine) as connection:
        tables.PROGRESS.drop(connection)

    answer = client.get("/ready")
    assert 503 == answer.status_code
    assert not answer.json()["ready"]
