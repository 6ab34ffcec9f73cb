"""Where a trial is played: one institution with its enrolment, its workbench and its chance."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from streams.simulator.enrol import Enrolment
from streams.simulator.plan import Institution
from streams.simulator.season import Season
from streams.simulator.workbench import Workbench


class Stage(NamedTuple):
    """What a trial may change."""

    bench: Workbench
    enrolment: Enrolment

    @property
    def inst(self) -> Institution:
        """The institution."""
        return self.bench.inst

    @property
    def season(self) -> Season:
        """The days of its months."""
        return self.bench.season

    @property
    def rng(self) -> Random:
        """Its chance."""
        return self.bench.rng


Act = Callable[[Stage], bool]
"""Plants something; False when the institution leaves no room for it."""
