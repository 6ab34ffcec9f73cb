"""The examiner in memory: the same facts and findings as through files, and figures by hand."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from alerts.evaluation import Supervision
from config.load import load_calendar
from models import facts as f
from models.findings import Key
from models.keys import fact_id
from models.store.engine import open_store
from models.working_days import add_months
from streams.cli import app
from streams.embedded import ingest
from streams.examining import Examined, Warned, examine_one, play
from streams.feeds.archive import Archive
from streams.feeds.intake import prove, told
from streams.replay import standing_findings
from streams.scoring import score
from streams.simulator import simulate
from streams.simulator.archetypes import TUNING, Profile
from streams.simulator.delivery import deliveries
from streams.simulator.making import Maker
from streams.simulator.season import Season
from tests.engine import law

START, MONTHS, INSTITUTIONS, SEED = date(2024, 1, 1), 3, 10, 7
ARCHETYPE_INSTITUTIONS = 36
TODAY = date(2025, 1, 1)


@pytest.fixture(scope="module", params=[None, TUNING], ids=["ordinary", "archetypes"])
def profile(request: pytest.FixtureRequest) -> Profile | None:
    """Who the institutions are."""
    found: Profile | None = request.param
    return found


@pytest.fixture(scope="module")
def institutions(profile: Profile | None) -> int:
    """Enough of them for some of each kind."""
    return INSTITUTIONS if profile is None else ARCHETYPE_INSTITUTIONS


@pytest.fixture(scope="module")
def city(
    tmp_path_factory: pytest.TempPathFactory, profile: Profile | None, institutions: int
) -> Path:
    """The files of a small city."""
    out = tmp_path_factory.mktemp("examined") / "city"
    simulate(SEED, institutions, MONTHS, START, out, load_calendar(), profile=profile)
    return out


@pytest.fixture(scope="module")
def maker(profile: Profile | None, institutions: int) -> Maker:
    """The same city in memory."""
    last = add_months(START, MONTHS).toordinal() - 1
    return Maker(SEED, institutions, Season(load_calendar(), START.toordinal(), last), profile)


def test_memory_tells_the_facts_of_the_files(city: Path, maker: Maker, institutions: int) -> None:
    """Every fact with its stated time and day of delivery, but entries that count nowhere."""
    from_files: set[tuple[str, str, str, f.Fact]] = set()
    for path in sorted(city.glob("*/*")):
        for one in told(prove(path, TODAY, path.name)):
            if not isinstance(one.fact, f.EntryAnnounced):
                day = path.parent.name
                from_files.add((fact_id(one.fact), one.stated_at, day, one.fact))
    in_memory = {
        (fact_id(one.fact), one.stated_at, date.fromordinal(day).isoformat(), one.fact)
        for index in range(1, institutions + 1)
        for day, some in deliveries(maker.make(index).inst).items()
        for one in some
    }

    assert from_files == in_memory


def test_memory_ends_in_the_findings_of_the_files(
    city: Path, maker: Maker, institutions: int, tmp_path: Path
) -> None:
    """The same standing findings, whole, from SQLite after ingest and from memory."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    ingest([city], engine, law(), Archive(tmp_path / "archive"), today=TODAY)
    in_memory = {
        one.key: one
        for index in range(1, institutions + 1)
        for one in play(maker.make(index).inst, law()).supervision.standing.values()
    }

    assert {one.key: one for one in standing_findings(engine)} == in_memory


def test_history_is_that_of_days_closed_one_by_one(maker: Maker) -> None:
    """What was raised and not cleared is what stands."""
    played = play(maker.make(2).inst, law())
    standing: set[Key] = set()
    for _, change in played.changes:
        (standing.discard if change.change == "cleared" else standing.add)(change.finding.key)

    assert played.supervision.standing.keys() == standing
    assert isinstance(played.supervision, Supervision)


def test_a_city_without_faults_is_fully_found(maker: Maker, institutions: int) -> None:
    """Every wrong of every institution is found at the end of its time."""
    missed = [
        name
        for index in range(1, institutions + 1)
        for name in examine_one(SEED, maker.make(index), law()).planted
        if not name[2]
    ]

    assert [] == missed


def _examined(**changes: object) -> Examined:
    plain = Examined(
        seed=1,
        institution="JG0001",
        archetype="healthy",
        days=3044,
        planted=(),
        unplanned=(),
        warned=(),
        signs={},
        closed=None,
        fails=False,
        sudden=False,
    )
    return msgspec.structs.replace(plain, **changes)


def test_shares_of_a_rule_are_counted() -> None:
    """Three of four planted are found and one more: precision 3/4, recall 3/4."""
    wrongs = [("charge-span", f"contract:{n}", n != 0) for n in range(4)]
    one = _examined(planted=tuple(wrongs), unplanned=(("charge-span", "contract:9", 5),))

    report = score([one])

    figures = {"planted": 4, "found": 3, "unplanned": 1, "precision": 0.75, "recall": 0.75}
    assert {"charge-span": figures} == report["rules"]
    assert 100 == report["institution_months"]


@pytest.mark.parametrize(
    ("warned", "lead"),
    [
        ([], 0),
        ([(900, 3)], 100),
        ([(700, 4)], 180),
        ([(850, 3), (880, 2), (940, 3)], 60),
        ([(850, 3), (880, 4), (940, 3)], 150),
        ([(850, 3), (990, 1)], 0),
        ([(999, 3)], 1),
        ([(1000, 4)], 0),
    ],
)
def test_lead_counts_from_the_orange_that_stands_until_closure(
    warned: list[tuple[int, int]], lead: int
) -> None:
    """A level below orange breaks the run; what comes at the closure is too late."""
    one = _examined(
        warned=tuple(Warned(day, level, "outflow-large") for day, level in warned),
        signs={"outflow": 800},
        closed=1000,
        fails=True,
    )
    risk = score([one])["runaway"]

    assert 1 == risk["closures"]
    assert lead == risk["lead_days_median"]


def test_sudden_runaways_are_red_at_the_first_outflow() -> None:
    """Only red at the close of that very day counts."""
    signs = {"outflow": 900}
    late = _examined(closed=905, fails=True, sudden=True, signs=signs, warned=(Warned(901, 4),))
    in_time = _examined(closed=905, fails=True, sudden=True, signs=signs, warned=(Warned(900, 4),))

    assert {"closures": 2, "red_on_first_outflow_day": 1} == score([late, in_time])["runaway"][
        "sudden"
    ]


def test_alarms_without_a_loss_are_false() -> None:
    """Each time that a level is newly reached counts, red as orange too; a loss must follow."""
    alarms = (Warned(100, 3), Warned(110, 4), Warned(120, 0), Warned(130, 3))
    paid_back = _examined(warned=alarms, closed=200)
    too_early = _examined(warned=(Warned(100, 4),), closed=281, fails=True)
    risk = score([paid_back, too_early, *[_examined()] * 8])["runaway"]

    assert 2.0 == risk["false_red_per_1000_institution_months"]
    assert 3.0 == risk["false_orange_per_1000_institution_months"]


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    """With --json alone on standard output, and with --details a line for each institution."""
    details = tmp_path / "details.jsonl"
    arguments = ["evaluate", "--seeds", "3", "--institutions", "3", "--months", "2", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--details", str(details)])

    report = msgspec.json.decode(result.stdout)

    assert 0 == result.exit_code
    assert ["rules", "runaway", "institution_months"] == list(report)
    assert 3 == len(details.read_text(encoding="utf-8").splitlines())


def test_seeds_are_numbers() -> None:
    """Anything else is named in the message."""
    result = CliRunner().invoke(app, ["evaluate", "--seeds", "eleven"])

    assert 2 == result.exit_code
    assert "eleven" in result.stderr
