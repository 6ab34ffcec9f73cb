"""A city of training institutions: who is in it, who is honest, and what is written about it."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

from models.working_days import WorkingCalendar, add_months
from streams.simulator import names, near
from streams.simulator.banks import BankPapers, statement_id
from streams.simulator.cashier import Cashier
from streams.simulator.desk import Desk
from streams.simulator.enrol import Enrolment
from streams.simulator.judge import Wrong, judge, visible
from streams.simulator.judge_days import DailyJudge
from streams.simulator.plan import Account, Institution, Span, iso
from streams.simulator.plant import BROKEN_FOR_GOOD, PLANTS
from streams.simulator.registers import RegisterPapers
from streams.simulator.season import Season
from streams.simulator.workbench import Workbench

_DISHONEST_PERCENT = 28
_SEVERAL_PERCENT = 40
_BANKS = ("ccb", "ganjiang", "boc", "tengwang", "ccb", "ganjiang", "boc")
_PUPILS_MEDIAN = 112
_ALWAYS_POSSIBLE = "payment-outside-account/complaint"


def simulate(  # noqa: PLR0917 - each is a word of the command, in its order
    seed: int,
    institutions: int,
    months: int,
    start: date,
    out: Path,
    calendar: WorkingCalendar,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write a city's feed files and registers, day by day, with the truth about it, into `out`.

    The same arguments write the same bytes. `progress` gets the number of institutions done.
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
    city = City(seed, institutions, Season(calendar, first, last), out)
    for index in range(1, institutions + 1):
        city.play(index)
        if progress is not None:
            progress(index)
    city.close()


class City:
    """Plays institution by institution, so that only one is in memory at a time."""

    def __init__(self, seed: int, institutions: int, season: Season, out: Path) -> None:
        self.seed, self.season, self.out = seed, season, out
        self.desk = Desk(out)
        self.counts: Counter[str] = Counter()
        self.pupils: list[int] = []
        self.dishonest: list[int] = []
        self._wrongs = _share_out(Random(f"{seed}/wrongs"), institutions)
        honest = [index for index in range(1, institutions + 1) if index not in self._wrongs]
        # Counted among the honest, so that a small city too has some of every kind.
        self._place = {index: place for place, index in enumerate(honest)}
        self._truth = (out / "truth.jsonl").open("w", encoding="utf-8")
        self._near = (out / "near_misses.jsonl").open("w", encoding="utf-8")

    def play(self, index: int) -> None:
        """Make one institution, let it act, judge it, and write its papers."""
        rng = Random(f"{self.seed}/{index}")
        inst = self._institution(index, rng)
        inst.wrongs = self._wrongs.get(index, [])
        Enrolment(inst, self.season, rng).run()
        bench = Workbench(inst, self.season, rng)
        place = self._place.get(index, -1)
        if inst.wrongs:
            inst.wrongs = [kind for kind in inst.wrongs if PLANTS[kind](bench)]
            if not inst.wrongs:
                # Too small for the wrong that it was dealt.
                inst.wrongs = [_ALWAYS_POSSIBLE]
                PLANTS[_ALWAYS_POSSIBLE](bench)
        else:
            # The account first: a complaint may then name the one that is designated on its day.
            if place % 7 == 0:
                twice = place > 0 and rng.random() < 0.4
                (near.change_account_twice if twice else near.change_account)(bench)
                self.counts["re-designations"] += 1
            near.tempt(bench)
            if place % 5 in {0, 2}:
                near.siblings(bench)
        Cashier(inst, self.season, rng).run()
        self._break_statement(inst, bench, rng)
        self._write(inst, rng, reregister=place == 0 or rng.random() < 0.01)

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

    def _institution(self, index: int, rng: Random) -> Institution:
        county, area = rng.choice(names.COUNTIES)
        pupils = round(_PUPILS_MEDIAN * rng.lognormvariate(0, 0.55))
        first, last = self.season.first, self.season.last
        ways = rng.random()
        # 60 % hold one dedicated account under custody and show the regulator nothing else.
        inst = Institution(
            index, f"JG{index:04d}", names.school(rng, county, index),
            names.usci(rng, area, non_profit=rng.random() < 0.4), county, area,
            names.person(rng), self._bank(index), first, last,
            chinese=rng.random() < 0.25,
            reserve=ways > 0.86,
            # Releases to the last fen.
            tight=self._place.get(index, -1) % 5 == 1,
            pupils=min(max(pupils, 24), 480),
            release_weekday=rng.randrange(5),
            restated=index == 1 or rng.random() < 0.015,
        )  # fmt: skip
        inst.staged = not inst.tight and rng.random() < 0.1
        inst.buffer_fen = 0 if inst.tight else rng.randrange(500_000, 2_500_000, 1000)
        opened = first - rng.randint(40, 400)
        numbers = [names.account_number(rng, inst.bank, index, ordinal) for ordinal in (1, 2)]
        settlement = Account(numbers[1], inst.bank, "settlement", opened, fed=0.6 < ways <= 0.86)
        inst.accounts += [Account(numbers[0], inst.bank, "dedicated", opened), settlement]
        inst.custody.append(Span(f"XY{index:04d}-01", first - rng.randint(30, 200)))
        return inst

    def _bank(self, index: int) -> str:
        bank = _BANKS[index % len(_BANKS)]
        # A statement of a whole month that stays broken would hide everything else.
        return (
            "ganjiang" if bank == "boc" and BROKEN_FOR_GOOD in self._wrongs.get(index, ()) else bank
        )

    def _break_statement(self, inst: Institution, bench: Workbench, rng: Random) -> None:
        if BROKEN_FOR_GOOD in inst.wrongs:
            near.break_for_good(bench)
        elif not inst.wrongs and (self._place[inst.index] == 0 or rng.random() < 0.25):
            near.correct_later(bench)
        for slip in inst.broken:
            slip.statement = statement_id(inst.bank, slip.account, slip.day)

    def _write(self, inst: Institution, rng: Random, *, reregister: bool) -> None:
        papers = RegisterPapers(inst, self.desk)
        papers.write()
        if reregister:
            day = inst.first + (inst.last - inst.first) // 2
            papers.reregister(day, names.usci(rng, inst.area, non_profit=True))
            self.counts["re-registrations"] += 1
        BankPapers(inst, self.desk, rng).write()
        self._tell_truth(inst)
        self._count(inst)

    def _tell_truth(self, inst: Institution) -> None:
        entries = visible(inst)
        wrongs = [*judge(inst, self.season, entries)]
        wrongs += DailyJudge(inst, self.season, entries).run()
        for wrong in sorted(wrongs, key=lambda w: (w.rule, w.subject, w.day)):
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
        if wrongs and not inst.wrongs:
            self.counts["honest with wrongs"] += 1

    def _count(self, inst: Institution) -> None:
        counts = self.counts
        self.pupils.append(inst.pupils)
        counts[f"bank {inst.bank}"] += 1
        counts["entries"] += len(inst.entries)
        counts["contracts"] += len(inst.contracts)
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


def _share_out(rng: Random, institutions: int) -> dict[int, list[str]]:
    """Which institutions do which wrongs: all rules first, then chance."""
    count = min(institutions - 1, max(1, round(institutions * _DISHONEST_PERCENT / 100)))
    chosen = sorted(rng.sample(range(1, institutions + 1), count))
    kinds = list(PLANTS)
    deck = kinds[:12] + rng.sample(kinds[12:], len(kinds) - 12)
    rng.shuffle(chosen)
    several = -(-count * _SEVERAL_PERCENT // 100)
    # In a small city those who do several wrongs do more of them, so that no rule is left out.
    most = max(3, min(6, -(-(12 - count + several) // max(1, several))))
    shares: dict[int, list[str]] = {}
    for place, index in enumerate(chosen):
        share: list[str] = []
        wanted = 1
        if place < several:
            wanted = most if several + count < 12 else rng.choice((2, 3))
        while len(share) < wanted:
            if not deck:
                deck = rng.sample(kinds, len(kinds))
            kind = deck.pop(0)
            rules = {other.partition("/")[0] for other in share}
            if kind.partition("/")[0] not in rules:
                share.append(kind)
        shares[index] = share
    return shares


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
