"""The oracle agrees with what a store holds after whole simulated cities were delivered to it."""

from datetime import date
from pathlib import Path

import pytest

from config.load import load_calendar
from models import facts as f
from models.keys import DECODER
from models.store import journal
from models.store.engine import open_store, reading
from streams.embedded import ingest
from streams.feeds.archive import Archive
from streams.replay import standing_findings
from streams.simulator.city import simulate
from tests.engine import as_answer, law
from tests.oracle import oracle

INSTITUTIONS, MONTHS = 2, 2
TODAY = date(2025, 6, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
def test_the_oracle_agrees_on_a_city(seed: int, tmp_path: Path) -> None:
    """Of every institution of a city the same findings stand, from files or from the oracle."""
    city = tmp_path / "city"
    simulate(seed, INSTITUTIONS, MONTHS, date(2024, 1, 1), city, load_calendar())
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    summary = ingest([city], engine, law(), Archive(tmp_path / "archive"), today=TODAY)
    standing = standing_findings(engine)
    with reading(engine) as connection:
        owners = journal.owners(connection)
        institutions = sorted({owner for _, owner in owners})
        for institution in institutions:
            streams = [journal.institution_stream(institution)]
            streams += [journal.account_stream(a) for a, owner in owners if owner == institution]
            # What is told counts by its earliest or its latest statement, so both are told.
            told = [
                f.Told(DECODER.decode(body), stated_at, "0" * 64, "journal")
                for _, _, body, first, last in journal.read(connection, streams)
                for stated_at in (first, last)
            ]

            assert summary.closed_day is not None
            expected = oracle(told, institution, summary.closed_day, law().calendar)
            answer = as_answer(x for x in standing if x.institution == institution)
            assert expected.findings == answer.findings
            assert expected.undecided == answer.undecided
    assert INSTITUTIONS <= len(institutions)
