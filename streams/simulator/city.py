"""A city of training institutions: who is in it, who is honest, and what is written about it."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

from models.working_days import WorkingCalendar, add_months
from streams.simulator.archetypes import Profile
from streams.simulator.banks import BankPapers
from streams.simulator.desk import Desk
from streams.simulator.judge import Wrong
from streams.simulator.making import Maker
from streams.simulator.plan import Institution, iso
from streams.simulator.registers import RegisterPapers
from streams.simulator.season import Season

SIGNS = frozenset({"owner-changed", "feed-silent", "complaint-surge", "refund-surge"})
"""What an honest institution may show as well: no wrong, only a reason to look."""


def simulate(  # noqa: PLR0917 - each is a word of the command, in its order
    seed: int,
    institutions: int,
    months: int,
    start: date,
    out: Path,
    calendar: WorkingCalendar,
    progress: Callable[[int], None] | None = None,
    profile: Profile | None = None,
) -> None:
    """Write a city's feed files and registers, day by day, with the truth about it, into `out`.

    The same arguments write the same bytes. `progress` gets the number of institutions done. With
    a profile the institutions are of all archetypes, as those that are examined in memory.
    Raises ValueError when a year of the simulated months is not in the calendar, FileExistsError
    when `out` is not empty.
    """
    end = add_months(start, months)
    first, last = start.toordinal(), end.toordinal() - 1
    if institutions < 1 or months < 1:
        raise ValueError("at least one institution and one month are needed")
    missing = {start.year, date.fromordinal(last).year} - set(calendar.years)
    if missing:
        raise ValueError(f"the calendar has no year {min(missing)}; take another start or months")
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty; take another folder, or empty it first")
    city = City(Maker(seed, institutions, Season(calendar, first, last), profile), out)
    for index in range(1, institutions + 1):
        city.play(index)
        if progress is not None:
            progress(index)
    city.close()


class City:
    """Plays institution by institution, so that only one is in memory at a time."""

    def __init__(self, maker: Maker, out: Path) -> None:
        self.seed, self.season, self.out = maker.seed, maker.season, out
        self.desk = Desk(out)
        self.counts: Counter[str] = Counter()
        self.pupils: list[int] = []
        self.dishonest: list[int] = []
        self._maker = maker
        self._truth = (out / "truth.jsonl").open("w", encoding="utf-8")
        self._near = (out / "near_misses.jsonl").open("w", encoding="utf-8")

    def play(self, index: int) -> None:
        """Make one institution and write its papers and the truth about it."""
        made = self._maker.make(index)
        RegisterPapers(made.inst, self.desk).write()
        BankPapers(made.inst, self.desk, made.rng).write()
        self._tell_truth(made.inst, made.wrongs)
        self._count(made.inst)

    def close(self) -> None:
        """Write what is buffered, and the city's shares and counts."""
        self.desk.close()
        self._truth.close()
        self._near.close()
        self.pupils.sort()
        report = {
            "seed": self.seed,
            "institutions": len(self.pupils),
            "first": iso(self.season.first),
            "last": iso(self.season.last),
            "dishonest": [f"JG{index:04d}" for index in self.dishonest],
            "pupils_median": self.pupils[len(self.pupils) // 2],
            **dict(sorted(self.counts.items())),
        }
        text = json.dumps(report, ensure_ascii=False, indent=1)
        (self.out / "city.json").write_text(text + "\n", encoding="utf-8")

    def _tell_truth(self, inst: Institution, wrongs: list[Wrong]) -> None:
        for wrong in wrongs:
            line = json.dumps(_line(inst, wrong), ensure_ascii=False)
            self._truth.write(line + "\n")
            self.counts[f"wrong {wrong.rule}"] += 1
        for rule, subject, day, why in inst.near:
            told = {
                "rule": rule, "institution": inst.id, "subject": subject,
                "day": iso(day), "why": why,
            }  # fmt: skip
            self._near.write(json.dumps(told, ensure_ascii=False) + "\n")
            self.counts[f"near miss {rule}"] += 1
        if not inst.wrongs and any(wrong.rule not in SIGNS for wrong in wrongs):
            self.counts["honest with wrongs"] += 1

    def _count(self, inst: Institution) -> None:
        counts = self.counts
        self.pupils.append(inst.pupils)
        counts[f"bank {inst.bank}"] += 1
        counts["entries"] += len(inst.entries)
        counts["contracts"] += len(inst.contracts)
        counts["re-registrations"] += inst.reregistered is not None
        counts["re-designations"] += inst.redesignated
        counts["lessons"] += len(inst.sessions)
        counts["refunds"] += len(inst.refunds)
        if inst.wrongs:
            self.dishonest.append(inst.index)
            counts["several wrongs"] += len(inst.wrongs) > 1
        counts["contracts told late"] += sum(c.told > c.signed for c in inst.contracts)
        counts["contracts in instalments"] += sum(bool(c.parts) for c in inst.contracts)
        for payment in inst.payments:
            counts["payments"] += 1
            counts["payments without number"] += not payment.with_number
            counts["payments by relatives"] += payment.by_relative
            counts["payments ambiguous"] += payment.ambiguous
        for entry in inst.entries:
            counts["reversals"] += entry.reversal
            counts["refunds returned"] += entry.meaning == "returned"
            counts["interest"] += entry.meaning == "interest"
            counts["releases by name"] += entry.meaning == "named"


def _line(inst: Institution, wrong: Wrong) -> dict[str, object]:
    planted = (wrong.rule, wrong.subject) in inst.planted or (wrong.rule, "*") in inst.planted
    line: dict[str, object] = {
        "rule": wrong.rule,
        "institution": inst.id,
        "subject": wrong.subject,
        "day": iso(wrong.day),
        "until": None if wrong.until is None else iso(wrong.until),
        "cause": "planted" if planted else "consequence",
        "level": wrong.level,
    }
    if wrong.amount_fen is not None:
        line["amount_fen"] = wrong.amount_fen
    return line
