"""Accounts that nobody registered: looked after until somebody is their owner, whoever handles."""

from datetime import date
from itertools import permutations

import pytest
from sqlalchemy import Engine

from models import facts as f
from models.identity import nobody_of
from models.partitions import partition_of
from streams.monitor import Batch, Monitor
from streams.replay import standing_findings, supervision_of, verify
from tests.streams.told import NOON, account, know_files, law, lines, monitor_of, play, tell

NOBODY = nobody_of("62-X")
DAY, CLOSED = date(2024, 3, 4), date(2024, 3, 20)
CONTRACT = f.ContractStated(
    institution="JG-1",
    number="HT-1",
    signed=date(2024, 3, 1),
    price_fen=100_000,
    paid_hours_hundredths=1_000,
)
PARTITIONS = 8


def _payment() -> f.EntryBooked:
    return f.EntryBooked(
        account="62-X",
        booking_date=DAY,
        serial="1",
        amount_fen=100_000,
        direction="C",
        counterparty_name="某人",
        remittance="学费",
    )


def _rules(engine: Engine) -> set[tuple[str, str]]:
    return {(one.institution, one.rule) for one in standing_findings(engine)}


def test_entries_of_an_unregistered_account_are_shown(engine: Engine) -> None:
    """What nobody registered has findings of its own, and verify agrees with them."""
    monitor = monitor_of(engine)

    play(monitor, tell(_payment()), CLOSED)

    assert {(NOBODY, "entry-unrouted"), (NOBODY, "unlicensed-collection")} == _rules(engine)
    assert [] == verify(engine, law())
    assert 2 == len(supervision_of(engine, law(), NOBODY).standing)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_registration_hands_the_account_over(engine: Engine, order: tuple[int, ...]) -> None:
    """Once it is registered nothing of the account is left to nobody, whatever came first."""
    monitor = monitor_of(engine)
    steps: tuple[list[f.Fact], ...] = ([account("62-X", "JG-1"), CONTRACT], [_payment()], [])

    for step in order:
        play(monitor, tell(*steps[step]) if steps[step] else CLOSED)
    play(monitor, CLOSED)

    assert {("JG-1", "charge-without-contract")} == _without_others(_rules(engine))
    assert [] == verify(engine, law())
    assert {} == supervision_of(engine, law(), NOBODY).standing


def _without_others(rules: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name, rule) for name, rule in rules if rule == "charge-without-contract"} | {
        (name, rule) for name, rule in rules if name == NOBODY
    }


@pytest.mark.parametrize("is_registered_first", [True, False])
def test_nobody_and_the_owner_live_in_different_partitions(
    engine: Engine, is_registered_first: bool
) -> None:
    """Whoever takes the entry or the registration wakes the other; nobody's findings clear."""
    owner = next(
        name
        for name in (f"JG-{number}" for number in range(100))
        if partition_of(name, PARTITIONS) != partition_of(NOBODY, PARTITIONS)
    )
    know_files(engine, [])
    monitors = {
        each: Monitor(engine, law(), partition=each, partitions=PARTITIONS)
        for each in (partition_of(owner, PARTITIONS), partition_of(NOBODY, PARTITIONS))
    }
    here, there = monitors
    steps = [(here, tell(account("62-X", owner))), (there, tell(_payment()))]
    for partition, told in steps if is_registered_first else reversed(steps):
        monitor = monitors[partition]
        monitor.handle(Batch(monitor.progress.next_offset, told, seen_at=NOON))
    for monitor in (*monitors.values(), *monitors.values()):
        monitor.wake()
        monitor.handle(Batch(monitor.progress.next_offset, close=CLOSED, seen_at=NOON))

    assert NOBODY not in {name for name, _ in _rules(engine)}
    assert (owner, "charge-without-contract") in _rules(engine)
    assert [] == verify(engine, law())
    assert lines(engine)


BILLED = f.MerchantTransactionBilled(
    merchant_code="1900000109",
    channel="wechat",
    what="payment",
    number="1",
    booking_date=DAY,
    amount_fen=100_000,
)
CODE = f.MerchantCodeStated(
    institution="JG-1", number="1900000109", valid_from=date(2024, 1, 1), company="财付通"
)


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_rows_of_a_bill_wait_for_the_register_of_merchant_codes(
    engine: Engine, order: tuple[int, ...]
) -> None:
    """Told before or after the code is registered, they are its institution's in the end."""
    monitor = monitor_of(engine)
    play(monitor, *(tell((BILLED, CODE)[number]) for number in order), CLOSED)

    ledger = supervision_of(engine, law(), "JG-1").all_facts
    assert BILLED in ledger.facts.values()
    assert [] == verify(engine, law())
