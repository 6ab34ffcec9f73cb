"""What an archetype's months bring: set before the pupils enrol, and acted out afterwards.

The order is that of real collapses: promotion of packages, change of owner, lessons thin out,
refunds slow, rent and wages late, outflow, closed. Each twin shows one of these signs and is
honest.
"""

from collections.abc import Callable
from datetime import date
from random import Random

from streams.simulator import names
from streams.simulator.archetypes import FAILING, Profile, draw
from streams.simulator.course import Payroll
from streams.simulator.enrol import Enrolment
from streams.simulator.plan import Contract, Day, Institution, Raid, Refund, iso
from streams.simulator.season import Season
from streams.simulator.workbench import Workbench

_TEXTS = ("退费难", "老师欠薪停课", "联系不上校长", "频繁换老师", "课程一再取消")
_WAGES_FEN_A_PUPIL = 30_000
_RENT_FEN_A_PUPIL = 12_000


class Story:
    """One institution's story in two acts: `prepare` before enrolment, `act` after it."""

    def __init__(self, inst: Institution, season: Season, profile: Profile, rng: Random) -> None:
        self.inst, self.season, self.profile, self.rng = inst, season, profile, rng
        self.kind = inst.story.archetype
        self.decline = 0
        self.pause = (0, 0)

    # ---- before enrolment ----

    def prepare(self) -> None:
        """Set demand, pauses, the end, wages and rent."""
        inst, rng = self.inst, self.rng
        inst.payroll = Payroll(
            wages_day=rng.choice((5, 10, 15)),
            wages_fen=inst.pupils * rng.randrange(20_000, _WAGES_FEN_A_PUPIL, 100),
            rent_day=rng.choice((1, 3, 8, 20)),
            rent_fen=inst.pupils * rng.randrange(6_000, _RENT_FEN_A_PUPIL, 100),
        )
        inst.settlement.fed = rng.randrange(100) < self.profile.fed_percent
        if self.kind == "seasonal art school":
            inst.course.demand = [(inst.first, rng.randint(65, 80))]
            inst.course.vacation_percent = rng.randint(130, 170)
        elif self.kind == "growing chain":
            inst.pupils = max(24, inst.pupils * 2 // 3)
            growth = draw(rng, self.profile.growth_percent)
            inst.course.demand = [(inst.first, 100), (inst.last, growth)]
        elif self.kind in ("pandemic pause", "holiday pause"):
            self._pause()
        elif self.kind in FAILING or self.kind == "dying slowly":
            self._end()

    def _pause(self) -> None:
        inst, rng = self.inst, self.rng
        days = draw(rng, self.profile.pause_days)
        if self.kind == "holiday pause":
            days = rng.randint(14, 24)
        begins = inst.first + (inst.last - inst.first) * rng.randint(30, 65) // 100
        self.pause = (begins, begins + days - 1)
        inst.course.pauses.append(self.pause)
        told = self.kind == "holiday pause"
        if told or rng.randrange(100) < self.profile.told_pause_percent:
            name = "机构休假" if told else "疫情停课"
            inst.course.vacations.append((*self.pause, name))
        else:
            inst.story.signs["lessons"] = begins

    def _end(self) -> None:
        inst, rng = self.inst, self.rng
        length = inst.last - inst.first
        closed = inst.first + length * rng.randint(55, 96) // 100
        self.decline = min(draw(rng, self.profile.decline_days), (closed - inst.first) * 2 // 3)
        inst.course.ends = inst.story.closed = closed
        inst.story.fails = self.kind in FAILING
        if self.kind == "dying slowly":
            inst.course.demand = [(closed - self.decline, 100), (closed, 15)]
            # Nobody is enrolled whom it could not teach to the end, or pay back at once.
            inst.buffer_fen += 4_000_000

    # ---- after enrolment ----

    def act(self, enrolment: Enrolment, bench: Workbench) -> None:
        """Act the story out on what the enrolment planned."""
        acts: dict[str, Callable[[Enrolment, Workbench], None]] = {
            "slow Ponzi": self._slow,
            "owner-change run-away": self._after_change,
            "sudden run-away": self._sudden,
            "dying slowly": self._pay_everyone_back,
            "legal owner change": self._change_owner,
            "mass refund": self._move_away,
            "batch release": self._release_at_once,
            "pandemic pause": self._ask_in_pause,
        }
        found = acts.get(self.kind)
        if found is not None:
            found(enrolment, bench)
        self.inst.sessions.sort(key=lambda session: (session.day, session.number))
        if self.inst.story.closed is not None:
            for sign in ("lessons", "inflow", "wages", "rent"):
                self.inst.story.signs.setdefault(sign, self.inst.story.closed)

    def _before(self, share_percent: int) -> Day:
        """The day on which so much of the decline is still to come."""
        return self.inst.course.ends - self.decline * share_percent // 100

    def _slow(self, enrolment: Enrolment, bench: Workbench) -> None:
        self._promote(enrolment, self._before(100), self._before(40))
        self._decline(bench, self._before(55))

    def _after_change(self, enrolment: Enrolment, bench: Workbench) -> None:
        day = self._before(self.rng.randint(85, 100))
        self._name_owner(day)
        self.inst.story.signs["owner"] = day
        self._promote(enrolment, day + self.rng.randint(5, 20), self._before(45))
        self._decline(bench, self._before(50))

    def _decline(self, bench: Workbench, begins: Day) -> None:
        """Lessons thin out, refunds slow, wages and rent are late, families complain, then flight.

        Each of them in most stories; at least the lessons or the refunds in all.
        """
        ends = self.inst.course.ends
        left = ends - begins
        self._thin_out(begins)
        self._ask_back(bench, begins + left // 4)
        if self.rng.random() < 0.85:
            self._complain(begins + left // 3)
        self._owe(begins + left // 3)
        self._flee()

    def _sudden(self, enrolment: Enrolment, _bench: Workbench) -> None:
        if self.rng.random() < 0.5:
            self._promote(enrolment, self.inst.course.ends - 50, self.inst.course.ends - 15)
        self.inst.story.signs.pop("presale", None)
        self.inst.story.sudden = True
        self._flee()

    def _promote(self, enrolment: Enrolment, begins: Day, ends: Day) -> None:
        rng, inst = self.rng, self.inst
        begins = max(begins, inst.first + 40)
        pupils = inst.pupils * draw(rng, self.profile.promotion_pupils_percent) // 100
        if ends <= begins or pupils < 6:
            return
        discount = draw(rng, self.profile.discount_percent)
        inst.story.signs["presale"] = begins
        while pupils > 0:
            size = min(pupils, rng.randint(6, 12))
            pupils -= size
            enrolment.promote(rng.randint(begins, ends), size, discount)

    def _thin_out(self, begins: Day) -> None:
        inst, rng = self.inst, self.rng
        most = draw(rng, self.profile.thinning_percent)
        ends = inst.course.ends
        # The last days see hardly any lesson at all.
        still = ends - rng.randint(2, 14)
        inst.story.signs["lessons"] = begins
        inst.sessions = [
            session
            for session in inst.sessions
            if session.day < begins
            or (
                session.day < still
                and rng.randrange(100) >= most * (session.day - begins) // max(1, still - begins)
            )
        ]

    def _ask_back(self, bench: Workbench, begins: Day) -> None:
        inst, rng = self.inst, self.rng
        ends = inst.course.ends
        count = inst.pupils * draw(rng, self.profile.asking_percent) // 100
        asked = sorted(rng.randint(begins, max(begins, ends - 3)) for _ in range(max(2, count)))
        first = True
        for place, day in enumerate(asked):
            delay = draw(rng, self.profile.refund_delay)
            is_never = place * 2 > len(asked)
            found = self._request(bench, day, () if is_never else ((delay, 100),), delay)
            if found and first:
                inst.story.signs["refunds"] = day
                first = False

    def _request(
        self, bench: Workbench, day: Day, shares: tuple[tuple[int, int], ...], answer: int | None
    ) -> bool:
        """A family asks back what is left of a running contract."""
        inst = self.inst
        running = [
            contract
            for contract in inst.contracts
            if self._is_running(contract, day) and bench.payments.get(contract.number)
        ]
        if not running:
            return False
        contract = self.rng.choice(running)
        contract.asked, contract.special = day, True
        for session in inst.sessions:
            if session.day >= day and contract in session.present:
                session.present.remove(contract)
        number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
        inst.refunds.append(Refund(number, contract, day, shares, answer_delay=answer))
        return True

    def _is_running(self, contract: Contract, day: Day) -> bool:
        is_open = contract.signed + 5 <= day <= contract.ends - 3 and contract.asked > day
        return is_open and not contract.special and not contract.parts

    def _complain(self, begins: Day) -> None:
        inst, rng = self.inst, self.rng
        days = sorted(
            rng.randint(begins, inst.course.ends) for _ in range(draw(rng, self.profile.complaints))
        )
        inst.grievances += [(day, "", rng.choice(_TEXTS)) for day in days if day <= inst.last]
        inst.story.signs["complaints"] = days[0]

    def _owe(self, begins: Day) -> None:
        """From a day on wages and rent come later and later, the last of them never."""
        inst, rng = self.inst, self.rng
        payroll = inst.payroll
        assert payroll is not None
        months = sorted({iso(day)[:7] for day in range(begins, inst.course.ends)})
        for kind, usual in (("wages", payroll.wages_day), ("rent", payroll.rent_day)):
            due = [month for month in months if _in_month(month, usual) >= begins]
            for place, month in enumerate(due):
                late = draw(rng, self.profile.wages_delay)
                payroll.late[kind, month] = None if place + 1 == len(due) and place else late
            if due and inst.settlement.fed:
                inst.story.signs[kind] = _in_month(due[0], usual)

    def _flee(self) -> None:
        """The money goes in a few days; on the day of the closure nobody is there any more."""
        inst, rng = self.inst, self.rng
        days = draw(rng, self.profile.flight_days)
        first = inst.course.ends - days
        while not self.season.working(first):
            first -= 1
        inst.story.signs["outflow"] = first
        inst.raids.append(Raid(first, "flight", draw(rng, self.profile.flight_percent)))
        for day in range(first + 1, inst.course.ends):
            if self.season.working(day):
                inst.raids.append(Raid(day, "flight", rng.randint(30, 90)))

    # ---- honest ----

    def _pay_everyone_back(self, _enrolment: Enrolment, bench: Workbench) -> None:
        """No contract outlasts the end: who still has lessons to come asks, and is paid at once."""
        inst = self.inst
        stop = inst.course.ends - 12
        inst.sessions = [session for session in inst.sessions if session.day < stop]
        for contract in list(inst.contracts):
            paid = bench.payments.get(contract.number, ())
            if contract.ends >= stop and paid and paid[0].day < stop <= contract.asked:
                contract.asked, contract.special = stop, True
                number = f"TF{inst.index:04d}-{len(inst.refunds) + 1:04d}"
                inst.refunds.append(Refund(number, contract, stop, ((1, 100),)))
        inst.story.signs["requests"] = inst.story.signs["lessons"] = stop
        inst.story.signs["inflow"] = self._before(100)
        # Whoever would have come after that is sent away.
        late = {id(c) for c in inst.contracts if bench.payments.get(c.number, ())[:1] == []}
        inst.payments = [p for p in inst.payments if p.day < stop]
        inst.contracts = [c for c in inst.contracts if c.signed < stop and id(c) not in late]

    def _name_owner(self, day: Day) -> None:
        self.inst.representatives.append((day, names.person(self.rng)))

    def _change_owner(self, _enrolment: Enrolment, bench: Workbench) -> None:
        day = bench.working_day(30, 70)
        self._name_owner(day)
        self.inst.story.signs["owner"] = day

    def _move_away(self, _enrolment: Enrolment, bench: Workbench) -> None:
        """The school moves; a fifth of the families leaves within weeks and is paid in time."""
        inst, rng = self.inst, self.rng
        begins = bench.working_day(30, 70)
        for _ in range(inst.pupils * rng.randint(10, 25) // 100):
            delay = rng.randint(0, 2)
            self._request(bench, begins + rng.randint(0, 20), ((delay, 100),), None)
        inst.story.signs["requests"] = begins

    def _release_at_once(self, _enrolment: Enrolment, bench: Workbench) -> None:
        """For some weeks nothing is released; then all of it in one batch."""
        self.inst.idle_releases = (begins := bench.working_day(30, 60), begins + 35)

    def _ask_in_pause(self, _enrolment: Enrolment, bench: Workbench) -> None:
        inst, rng = self.inst, self.rng
        for _ in range(inst.pupils * rng.randint(3, 9) // 100):
            day = rng.randint(self.pause[0] + 3, self.pause[1])
            self._request(bench, day, ((rng.randint(0, 2), 100),), None)
        inst.story.signs["requests"] = self.pause[0]


def _in_month(month: str, day: int) -> Day:
    return date.fromisoformat(f"{month}-{day:02d}").toordinal()
