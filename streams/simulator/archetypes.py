"""Who the institutions of a city are: archetypes with their shares, and how wide each varies.

A profile gives the ranges of which an archetype draws what it does. Cities to tune on have narrow
ones, cities to report on wider ones, so that nothing is fitted to what it is tried on.
"""

from random import Random
from typing import NamedTuple

Range = tuple[int, int]
"""Least and most, both included."""


class Profile(NamedTuple):
    """The ranges of which stories are drawn. Days count back from the closure."""

    name: str
    decline_days: Range
    promotion_pupils_percent: Range
    discount_percent: Range
    thinning_percent: Range
    asking_percent: Range
    refund_delay: Range
    complaints: Range
    wages_delay: Range
    flight_percent: Range
    flight_days: Range
    pause_days: Range
    growth_percent: Range
    fed_percent: int
    told_pause_percent: int


TUNING = Profile(
    name="tuning",
    decline_days=(90, 180),
    promotion_pupils_percent=(20, 40),
    discount_percent=(15, 30),
    thinning_percent=(40, 70),
    asking_percent=(8, 16),
    refund_delay=(5, 12),
    complaints=(4, 10),
    wages_delay=(8, 20),
    flight_percent=(60, 95),
    flight_days=(1, 4),
    pause_days=(30, 60),
    growth_percent=(130, 190),
    fed_percent=80,
    told_pause_percent=70,
)
REPORT = Profile(
    name="report",
    decline_days=(61, 240),
    promotion_pupils_percent=(5, 60),
    discount_percent=(5, 45),
    thinning_percent=(25, 85),
    asking_percent=(4, 25),
    refund_delay=(4, 20),
    complaints=(1, 15),
    wages_delay=(5, 30),
    flight_percent=(45, 99),
    flight_days=(1, 8),
    pause_days=(21, 90),
    growth_percent=(115, 260),
    fed_percent=65,
    told_pause_percent=50,
)
PROFILES = {profile.name: profile for profile in (TUNING, REPORT)}

# Of a thousand institutions.
SHARES: dict[str, int] = {
    "healthy": 330,
    "seasonal art school": 100,
    "growing chain": 70,
    "sloppy bookkeeper": 70,
    "splitter": 50,
    "cash-taker": 50,
    "account-hopper": 40,
    "slow Ponzi": 50,
    "sudden run-away": 40,
    "owner-change run-away": 40,
    "dying slowly": 30,
    "pandemic pause": 30,
    "holiday pause": 25,
    "legal owner change": 25,
    "mass refund": 25,
    "batch release": 25,
}
FAILING = ("slow Ponzi", "sudden run-away", "owner-change run-away")
# Who shows the same sign as one who fails, for an honest reason.
TWINS: dict[str, tuple[str, ...]] = {
    "slow Ponzi": ("holiday pause", "pandemic pause", "mass refund", "dying slowly"),
    "owner-change run-away": ("legal owner change",),
    "sudden run-away": ("batch release",),
}
# What those who are wrong without running away do, as kinds of `plant.PLANTS`.
HABITS: dict[str, tuple[str, ...]] = {
    "sloppy bookkeeper": ("charge-without-contract/early", "refund-late", "statement-broken"),
    "splitter": ("charge-span/parts", "charge-amount/parts", "charge-hours/bonus"),
    "cash-taker": ("payment-outside-account/receipt",),
    "account-hopper": ("several-accounts/changes", "payment-outside-account"),
}
# Those who do nothing wrong, and whose limits may be tried by near-misses.
HONEST = ("healthy", "seasonal art school", "growing chain")


def cast(rng: Random, institutions: int) -> list[str]:
    """The archetype of each institution: the shares as near as whole numbers allow, shuffled."""
    exact = {kind: institutions * share for kind, share in SHARES.items()}
    counts = {kind: share // 1000 for kind, share in exact.items()}
    left = institutions - sum(counts.values())
    by_rest = sorted(SHARES, key=lambda kind: (-(exact[kind] % 1000), kind))
    for kind in by_rest[:left]:
        counts[kind] += 1
    found = [kind for kind, count in counts.items() for _ in range(count)]
    rng.shuffle(found)
    return found


def draw(rng: Random, span: Range) -> int:
    """A number of the range, both ends included."""
    return rng.randint(*span)
