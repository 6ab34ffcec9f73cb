"""Trials: one wrong, or what only looks like it, in an institution that is honest otherwise.

Beside `plant.PLANTS`, for the rules that an ordinary city seldom meets, or its law does not know.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from streams.simulator import trials_charging as charging
from streams.simulator import trials_feed as feed
from streams.simulator import trials_life as life
from streams.simulator.plan import Institution
from streams.simulator.stage import Act


class Trial(NamedTuple):
    """How a rule is broken and how nearly, and which institution that asks for.

    `is_late`: planted once the entries are there. Empty or 0 asks for nothing.
    """

    wrong: Act
    near: Act
    is_late: bool = False
    city: str = ""
    county: str = ""
    bank: str = ""
    pupils: int = 0
    is_fed: bool = False
    prepare: Callable[[Institution], None] | None = None


TRIALS: dict[str, Trial] = {
    "charge-split": Trial(charging.split, charging.nearly_split),
    "charge-early": Trial(charging.early, charging.nearly_early, city="成都市", county="武侯区"),
    "charge-over-guide-price": Trial(
        charging.over_guide, charging.at_guide, city="示例市", county="示例区"
    ),
    "cash-not-banked": Trial(
        charging.kept_cash, charging.banked_cash, city="泉州市", county="鲤城区"
    ),
    "cannot-decide": Trial(charging.untold_kind, charging.untold_account),
    "missing-inflow": Trial(charging.paid_elsewhere, charging.few_unpaid, pupils=90),
    "feed-silent": Trial(feed.silent, feed.nearly_silent, bank="ganjiang"),
    "statement-gap": Trial(feed.gap, feed.no_gap, is_late=True, bank="ganjiang"),
    "statement-conflict": Trial(feed.conflict, feed.repeat, is_late=True, bank="ganjiang"),
    "entry-unrouted": Trial(feed.late_register, feed.prompt_register, bank="tengwang"),
    "unlicensed-collection": Trial(
        feed.unlicensed, feed.tradesman, bank="ganjiang", prepare=feed.prepare_nobody
    ),
    "teaching-stopped": Trial(life.stopped, life.holiday),
    "inflow-collapse": Trial(life.collapse, life.dip, bank="ganjiang", pupils=260),
    "presale-surge": Trial(life.surge, life.success, bank="ganjiang", pupils=40),
    "refund-surge": Trial(life.many_requests, life.some_requests),
    "complaint-surge": Trial(life.many_complaints, life.two_complaints),
    "owner-changed": Trial(life.new_owner, life.same_owner),
    "outflow-related-party": Trial(life.to_kin, life.approved_to_kin),
    "outflow-split": Trial(life.in_pieces, life.few_pieces, pupils=30),
    "outflow-unapproved": Trial(life.unapproved, life.approved, city="运城市", county="盐湖区"),
    "payroll-missed": Trial(life.no_wages, life.wages_late, is_fed=True),
    "rent-missed": Trial(life.no_rent, life.rent_late, is_fed=True),
}

SHARE_PERCENT = 65
"""Of the honest institutions with no other wrong so many are tried."""

Dealt = tuple[str, bool]
"""A key of TRIALS, and whether it is planted or only nearly."""


def deal(rng: Random, honest: list[int]) -> dict[int, Dealt]:
    """Which of these institutions are tried by what: every trial twice, then nearly, and again."""
    deck: list[Dealt] = []
    dealt: dict[int, Dealt] = {}
    for index in sorted(rng.sample(honest, len(honest) * SHARE_PERCENT // 100)):
        if not deck:
            deck = [(kind, wrong) for kind in TRIALS for wrong in (True, True, False)]
            rng.shuffle(deck)
        dealt[index] = deck.pop()
    return dealt
