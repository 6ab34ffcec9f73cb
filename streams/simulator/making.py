"""Makes one institution of a city: its life, its wrongs, its cash, and the truth about it."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from streams.simulator import names, near
from streams.simulator.archetypes import HABITS, HONEST, Profile, cast
from streams.simulator.banks import statement_id
from streams.simulator.cashier import Cashier
from streams.simulator.enrol import Enrolment
from streams.simulator.judge import Wrong, judge, visible
from streams.simulator.judge_days import DailyJudge
from streams.simulator.judge_feed import feed
from streams.simulator.judge_habits import habits
from streams.simulator.judge_local import local
from streams.simulator.judge_papers import papers
from streams.simulator.judge_signs import signs
from streams.simulator.plan import RESERVE_LEAST_FEN, Account, Institution, Span
from streams.simulator.plant import BROKEN_FOR_GOOD, PLANTS
from streams.simulator.plant_papers import tempt_papers
from streams.simulator.season import Season
from streams.simulator.stage import Stage
from streams.simulator.stories import Story
from streams.simulator.trials import TRIALS, Dealt, Trial, deal
from streams.simulator.workbench import Workbench

_DISHONEST_PERCENT = 28
_SEVERAL_PERCENT = 40
_BANKS = ("ccb", "ganjiang", "boc", "tengwang", "ccb", "ganjiang", "boc")
_DAILY_BANKS = ("ccb", "ganjiang", "tengwang", "ganjiang")
_PUPILS_MEDIAN = 112
_ALWAYS_POSSIBLE = "payment-outside-account/complaint"


class Made(NamedTuple):
    """An institution with the truth about it; `rng` is where its chance stands."""

    inst: Institution
    wrongs: list[Wrong]
    rng: Random


class Maker:
    """Makes institutions of a city by index: each alone, in any order, always the same."""

    def __init__(
        self, seed: int, institutions: int, season: Season, profile: Profile | None = None
    ) -> None:
        """With a profile the institutions are of all archetypes, without one all are ordinary."""
        self.seed, self.season, self._profile = seed, season, profile
        self._kinds = cast(Random(f"{seed}/kinds"), institutions) if profile else []
        self._wrongs = self._deal(Random(f"{seed}/wrongs"), institutions)
        honest = [index for index in range(1, institutions + 1) if index not in self._wrongs]
        self._trials = self._deal_trials(Random(f"{seed}/trials"))
        # Counted among the honest, so that a small city too has some of every kind.
        self._place = {index: place for place, index in enumerate(honest)}

    def _deal(self, rng: Random, institutions: int) -> dict[int, list[str]]:
        """The wrongs of each institution by its index."""
        if self._profile is None:
            return _share_out(rng, institutions)
        honest = [i for i, kind in enumerate(self._kinds, start=1) if kind in HONEST]
        dealt = _share_out(rng, len(honest)) if len(honest) > 1 else {}
        wrongs = {honest[place - 1]: kinds for place, kinds in dealt.items()}
        for index, kind in enumerate(self._kinds, start=1):
            if kind in HABITS:
                wrongs[index] = list(HABITS[kind])
        return wrongs

    def _deal_trials(self, rng: Random) -> dict[int, Dealt]:
        """The trial of each institution that has one: in a city of archetypes."""
        kinds = enumerate(self._kinds, start=1)
        honest = [i for i, kind in kinds if kind == "healthy" and i not in self._wrongs]
        return deal(rng, honest)

    def try_out(
        self,
        index: int,
        wrongs: Sequence[str] = (),
        trial: Dealt | None = None,
        archetype: str = "healthy",
    ) -> Made:
        """Make one institution of an archetype, with these wrongs (of PLANTS) or this trial."""
        if self._kinds:
            self._kinds[index - 1] = archetype
        self._wrongs = {index: list(wrongs)} if wrongs else {}
        self._trials = {index: trial} if trial else {}
        self._place = {} if wrongs or trial else {index: index}
        return self.make(index)

    def make(self, index: int) -> Made:
        """Make one institution, let it act, and judge it."""
        rng = Random(f"{self.seed}/{index}")
        inst = self._institution(index, rng)
        inst.wrongs = list(self._wrongs.get(index, []))
        trial = self._trial(index)
        if trial is not None and trial.prepare is not None:
            trial.prepare(inst)
        story = self._story(inst)
        enrolment = Enrolment(inst, self.season, rng)
        enrolment.run()
        bench = Workbench(inst, self.season, rng)
        if story is not None:
            story.act(enrolment, bench)
            bench = Workbench(inst, self.season, rng)
        dealt = self._trials.get(index)
        if dealt is None:
            self._tempt(inst, bench, rng)
        else:
            self._try(dealt, Stage(bench, enrolment), is_late=False)
        Cashier(inst, self.season, rng).run()
        place = self._place.get(index, -1)
        if dealt is None:
            self._break_statement(inst, bench, rng)
        else:
            self._try(dealt, Stage(bench, enrolment), is_late=True)
        for slip in inst.broken:
            slip.statement = statement_id(inst.bank, slip.account, slip.day, slip.day)
        if not inst.representatives and (place == 0 or rng.random() < 0.01):
            day = inst.first + (inst.last - inst.first) // 2
            inst.reregistered = (day, names.usci(rng, inst.area, non_profit=True))
        wrongs = truth(inst, self.season)
        names_of_wrongs = {(wrong.rule, wrong.subject) for wrong in wrongs}
        inst.near = [each for each in inst.near if each[:2] not in names_of_wrongs]
        return Made(inst, wrongs, rng)

    def _story(self, inst: Institution) -> Story | None:
        if self._profile is None:
            return None
        inst.story.archetype = self._kinds[inst.index - 1]
        chance = Random(f"{self.seed}/{inst.index}/story")
        story = Story(inst, self.season, self._profile, chance)
        story.prepare()
        trial = self._trial(inst.index)
        if trial is not None:
            inst.settlement.fed = inst.registered and (trial.is_fed or inst.settlement.fed)
        return story

    def _tempt(self, inst: Institution, bench: Workbench, rng: Random) -> None:
        """Plant the wrongs that were dealt; of who is honest, what only looks like one."""
        place = self._place.get(inst.index, -1)
        if inst.wrongs:
            inst.wrongs = [kind for kind in inst.wrongs if PLANTS[kind](bench)]
            if not inst.wrongs:
                # Too small for the wrong that it was dealt.
                inst.wrongs = [_ALWAYS_POSSIBLE]
                PLANTS[_ALWAYS_POSSIBLE](bench)
        elif self._profile is None or inst.story.archetype in HONEST:
            # The account first: a complaint may then name the one that is designated on its day.
            if place % 7 == 0:
                twice = place > 0 and rng.random() < 0.4
                (near.change_account_twice if twice else near.change_account)(bench)
                inst.redesignated = True
            near.tempt(bench)
            tempt_papers(bench)
            if place % 5 in {0, 2}:
                near.siblings(bench)

    def _institution(self, index: int, rng: Random) -> Institution:
        county, area = rng.choice(names.COUNTIES)
        pupils = round(_PUPILS_MEDIAN * rng.lognormvariate(0, 0.55))
        first, last = self.season.first, self.season.last
        ways = rng.random()
        dealt, trial = self._wrongs.get(index, ()), self._trial(index)
        # 60 % hold one dedicated account under custody and show the regulator nothing else.
        inst = Institution(
            index, f"JG{index:04d}", names.school(rng, county, index),
            names.usci(rng, area, non_profit=rng.random() < 0.4), county, area,
            names.person(rng), self._bank(index), first, last,
            chinese=rng.random() < 0.25,
            reserve=trial is None and _has_reserve(dealt, by_chance=ways > 0.86),
            # Releases to the last fen.
            tight=trial is None and self._place.get(index, -1) % 5 == 1,
            pupils=(trial and trial.pupils) or min(max(pupils, 24), 480),
            release_weekday=rng.randrange(5),
            restated=index == 1 or rng.random() < 0.015,
        )  # fmt: skip
        inst.staged = not inst.tight and rng.random() < 0.1
        inst.buffer_fen = 0 if inst.tight else rng.randrange(500_000, 2_500_000, 1000)
        opened = first - rng.randint(40, 400)
        numbers = [names.account_number(rng, inst.bank, index, ordinal) for ordinal in (1, 2)]
        settlement = Account(numbers[1], inst.bank, "settlement", opened, fed=0.6 < ways <= 0.86)
        inst.accounts += [Account(numbers[0], inst.bank, "dedicated", opened), settlement]
        if inst.reserve:
            chance = Random(f"{inst.id}/{inst.name}/reserve")
            number = names.account_number(chance, inst.bank, index, 3)
            inst.accounts.append(Account(number, inst.bank, "reserve", opened))
            inst.reserve_fen = chance.randrange(RESERVE_LEAST_FEN * 11 // 10, 50_000_000, 100)
        inst.custody.append(Span(f"XY{index:04d}-01", first - rng.randint(30, 200)))
        if trial is not None:
            inst.city, inst.county = trial.city or inst.city, trial.county or inst.county
        return inst

    def _trial(self, index: int) -> Trial | None:
        dealt = self._trials.get(index)
        return TRIALS[dealt[0]] if dealt else None

    def _bank(self, index: int) -> str:
        trial = self._trial(index)
        if trial is not None and trial.bank:
            return trial.bank
        if self._profile is not None:
            # A bank that tells once a month tells of no run-away in time.
            return _DAILY_BANKS[index % len(_DAILY_BANKS)]
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

    @staticmethod
    def _try(dealt: Dealt, stage: Stage, *, is_late: bool) -> None:
        """Act a trial out at its time; who leaves no room for it stays plainly honest."""
        kind, is_wrong = dealt
        trial = TRIALS[kind]
        act = trial.wrong if is_wrong else trial.near
        if trial.is_late == is_late and act(stage) and is_wrong:
            stage.inst.wrongs = [kind]
            stage.inst.planted.add((kind, "*"))


def truth(inst: Institution, season: Season) -> list[Wrong]:
    """Everything that is wrong with an institution, sorted by rule, subject and day."""
    entries = visible(inst)
    if not inst.registered:
        return sorted(feed(inst, season), key=lambda wrong: (wrong.rule, wrong.subject, wrong.day))
    daily = DailyJudge(inst, season, entries)
    wrongs = [
        *judge(inst, season, entries),
        *papers(inst, season, entries),
        *daily.run(),
        *signs(inst, daily, entries),
        *habits(inst, daily, entries),
        *feed(inst, season),
        *local(inst, entries),
        *(
            Wrong(each.rule, each.subject, each.day, each.until, None, each.level)
            for each in inst.declared
        ),
    ]
    return sorted(wrongs, key=lambda wrong: (wrong.rule, wrong.subject, wrong.day))


def _has_reserve(wrongs: Sequence[str], *, by_chance: bool) -> bool:
    """Only who has a reserve can fail to keep it, and only who has none is wronged by its bank."""
    if "bank-fee" in wrongs:
        return False
    return by_chance or any(kind.startswith("reserve") for kind in wrongs)


def _fits(kind: str, share: list[str]) -> bool:
    """Whether an institution with these wrongs can do that one too: a rule once, no clash."""
    clash = {"bank-fee": "reserve", "reserve-short": "bank", "reserve-pledged": "bank"}.get(kind)
    rules = {other.partition("/")[0] for other in share}
    return kind.partition("/")[0] not in rules and not (
        clash and any(other.startswith(clash) for other in share)
    )


def _share_out(rng: Random, institutions: int) -> dict[int, list[str]]:
    """Which institutions do which wrongs: all rules first, then chance."""
    count = min(institutions - 1, max(1, round(institutions * _DISHONEST_PERCENT / 100)))
    chosen = sorted(rng.sample(range(1, institutions + 1), count))
    kinds = list(PLANTS)
    # One kind of each rule first.
    firsts = [kind for kind in kinds if "/" not in kind]
    others = [kind for kind in kinds if "/" in kind]
    deck = rng.sample(firsts, len(firsts)) + rng.sample(others, len(others))
    rng.shuffle(chosen)
    several = -(-count * _SEVERAL_PERCENT // 100)
    # In a small city those who do several wrongs do more of them, so that no rule is left out.
    most = max(3, min(8, -(-(len(firsts) - count + several) // max(1, several))))
    shares: dict[int, list[str]] = {}
    for place, index in enumerate(chosen):
        share: list[str] = []
        wanted = 1
        if place < several:
            wanted = most if 2 * several + count < len(firsts) else rng.choice((2, 3))
        while len(share) < wanted:
            if not any(_fits(kind, share) for kind in deck):
                deck += rng.sample(kinds, len(kinds))
            kind = next(kind for kind in deck if _fits(kind, share))
            deck.remove(kind)
            share.append(kind)
        shares[index] = share
    return shares
