"""In whatever order things are told and corrected, the same findings stand in the end."""

from itertools import permutations
from pathlib import Path

from models import facts as f
from models.findings import CANNOT_DECIDE, Finding
from models.keys import encode, fact_id
from streams.replay import standing_findings
from tests.contract.runners import Runner, measured, play
from tests.contract.stored import contents, lines, standing
from tests.contract.town import FIRST, contract, town
from tests.streams.deliveries import ndjson, statement, write
from tests.streams.told import account

ORDERS = list(permutations(range(3)))
# What the register says of a contract at three times: that it is of a school subject, or is not.
CORRECTED = {"breach": (True, None, False), "right": (False, None, True)}
MADE, MADE_LATER = (f"{FIRST}T{hour}:00:00+08:00" for hour in (20, 21))
CHARGE = f.EntryBooked(
    account="62-A",
    booking_date=FIRST,
    serial="R202403050001",
    amount_fen=600_000,
    direction="C",
    remittance="HT-1",
)


def _contents_of(runner: Runner, fact: f.Fact) -> set[bytes]:
    return {digest for identifier, digest in contents(runner.engine) if identifier == fact_id(fact)}


def _ending(found: list[Finding], institution: str) -> frozenset[tuple[object, ...]]:
    """The findings of an institution, its own name aside."""
    return frozenset(
        (one.rule, one.subject.replace(institution, ""), one.day, one.level, one.amount_fen)
        for one in found
        if one.institution == institution
    )


def test_corrected_register_rows_in_any_order_end_the_same(runner: Runner, tmp_path: Path) -> None:
    """Each institution is told the three states of its row in another order: the latest counts."""
    names = {(kind, number): f"JG-{kind}-{number}" for kind in CORRECTED for number in range(6)}
    accounts = [account(f"62-{one}", one) for one in names.values()]
    turns = [tmp_path / f"turn-{turn}" for turn in range(3)]
    write(turns[0] / "accounts.ndjson", ndjson(accounts, "2024-03-05T00:00:00Z"))
    for (kind, number), one in names.items():
        paid = statement(f"62-{one}", FIRST, 0, ("C", 600_000, "HT-1"))
        write(turns[0] / f"{one}.xml", paid)
        for folder, state in zip(turns, ORDERS[number], strict=True):
            row = contract(one, academic=CORRECTED[kind][state])
            write(folder / f"{one}.ndjson", ndjson([row], f"2024-03-0{5 + state}T01:00:00Z"))

    for folder in turns:
        play(runner, folder)

    found = standing_findings(runner.engine)
    for kind in CORRECTED:
        (ending,) = {_ending(found, names[kind, number]) for number in range(6)}
        assert (kind == "breach") == ("charge-amount" in {rule for rule, *_ in ending})
    assert measured(tmp_path / "measure", *turns) == lines(runner.engine)


def test_bank_fact_told_with_two_contents_is_contested(runner: Runner, tmp_path: Path) -> None:
    """Both are kept; that of the earlier statement counts, until a person settles on the other."""
    folder = town(tmp_path / "town")
    later = statement("62-A", FIRST, 0, ("C", 700_000, "HT-1")).replace(MADE, MADE_LATER)
    other = write(tmp_path / "other.xml", later)
    play(runner, folder / "bureau", other)
    (told_later,) = _contents_of(runner, CHARGE)
    (charge,) = standing(runner.engine, "charge-amount")
    assert 700_000 == charge.amount_fen

    play(runner, folder)

    both = _contents_of(runner, CHARGE)
    assert (2, True) == (len(both), told_later in both)
    (charge,) = standing(runner.engine, "charge-amount")
    assert 600_000 == charge.amount_fen
    assert measured(tmp_path / "measure", folder, other) == lines(runner.engine)

    settled = f.ConflictSettled(fact=fact_id(CHARGE), content=told_later.hex())
    play(runner, write(tmp_path / "settled.ndjson", encode(settled).decode() + "\n"))

    (charge,) = standing(runner.engine, "charge-amount")
    assert 700_000 == charge.amount_fen
    assert both == _contents_of(runner, CHARGE)


def test_account_registered_later_brings_its_past(runner: Runner, tmp_path: Path) -> None:
    """What a bank told of an account that nobody registered counts as if it had been known."""
    folder = town(tmp_path / "town")
    play(runner, folder / "bank", folder / "bureau" / "again-2024-03-08.ndjson")
    assert 3 == len(contents(runner.engine, "EntryBooked"))
    assert [] == standing(runner.engine, "charge-amount")

    play(runner, folder / "bureau" / "register-2024-03-05.ndjson")

    assert 1 == len(standing(runner.engine, "charge-amount"))
    assert measured(tmp_path / "measure", folder) == lines(runner.engine)


def test_retraction_may_arrive_before_what_it_retracts(runner: Runner, tmp_path: Path) -> None:
    """An entry that was taken back before the bank told it is journaled and never counts."""
    folder = town(tmp_path / "town")
    content = encode(f.FactRetracted(fact=fact_id(CHARGE))).decode() + "\n"
    retracted = write(tmp_path / "retracted.ndjson", content)

    play(runner, retracted)
    play(runner, folder)

    assert fact_id(CHARGE) in {identifier for identifier, _ in contents(runner.engine)}
    assert [] == standing(runner.engine, "charge-amount")
    assert measured(tmp_path / "measure", folder, retracted) == lines(runner.engine)
    undecided = {one.subject for one in standing(runner.engine, CANNOT_DECIDE)}
    days = ("day:2024-03-06", "day:2024-03-08")
    rules = ("outflow-large", "outflow-related-party")
    assert {f"{rule}/{day}" for rule in rules for day in days} == undecided
