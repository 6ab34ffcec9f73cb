"""Facts of invented institutions in the proportions of the simulated city, told day by day."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from models import facts as f
from models.keys import content_hash, encode, fact_id

FIRST = date(2024, 1, 1)
GROUPS, PUPILS = 15, 8
LESSONS, LESSON_HOURS = 20, 200
PRICE_FEN, HOUR_FEN = 240_000, 6_000


class Stated(NamedTuple):
    """A fact as the shell hands it on."""

    fact_id: str
    content_hash: bytes
    fact: f.Fact
    body: bytes
    stated_at: str


Days = list[tuple[date, list[Stated]]]


def city(institutions: int, months: int, seed: int = 7) -> dict[str, Days]:
    """The facts of each institution, day by day."""
    found = {}
    for number in range(institutions):
        rng = Random(f"{seed}/{number}")  # noqa: S311 -- a city wants a seed, not secrecy
        name = f"JG{number:04d}"
        found[name] = _Year(name, months * 30, rng).days()
    return found


def stated(fact: f.Fact, day: date) -> Stated:
    """A fact with its id and hash, stated on the evening of a day."""
    body = encode(fact)
    stated_at = f"{day.isoformat()}T12:00:00Z"
    return Stated(fact_id(fact), content_hash(body), fact, body, stated_at)


class _Year:
    """One institution: groups are taught, paid for, and released once a week."""

    def __init__(self, institution: str, length: int, rng: Random) -> None:
        self.institution, self.length, self.rng = institution, length, rng
        self.dedicated, self.settlement = f"62{institution}D", f"62{institution}S"
        self.balances = {self.dedicated: 0, self.settlement: 30_000_000}
        self.told: dict[int, list[f.Fact]] = defaultdict(list)
        self.moves: dict[int, list[tuple[str, int, str, str, str]]] = defaultdict(list)
        self.serial = 0

    def days(self) -> Days:
        """Every day with its facts."""
        self.told[0] += self._registers()
        for group in range(GROUPS):
            self._teach(group)
        for place in range(7, self.length, 7):
            self._move(place, self.dedicated, -self._earned_weekly(), self.settlement, "按课时划拨")
        for place in range(self.length):
            for account in self.balances:
                self.told[place] += self._statement(account, place)
        return [
            (day, [stated(fact, day) for fact in self.told[place]])
            for place, day in ((p, _day(p)) for p in range(self.length))
        ]

    def _registers(self) -> Iterator[f.Fact]:
        name = self.institution
        yield f.InstitutionStated(institution=name, valid_from=FIRST, name=name, city="南昌市")
        yield f.CustodyStated(
            institution=name, number=f"XY{name}", valid_from=FIRST, mode="custody"
        )
        yield f.AccountStated(
            account=self.dedicated, institution=name, valid_from=FIRST, purpose="dedicated"
        )
        yield f.AccountStated(
            account=self.settlement, institution=name, valid_from=FIRST, purpose="settlement"
        )

    def _teach(self, group: int) -> None:
        begins = 1 + self.rng.randint(3, 35)
        cycle = 0
        while begins < self.length - 10:
            contracts = [self._enrol(group, cycle, pupil, begins) for pupil in range(PUPILS)]
            for lesson in range(LESSONS):
                place = begins + lesson * 7 // 2
                if place >= self.length:
                    return
                session = f.LessonDelivered(
                    institution=self.institution,
                    number=f"K{group:02d}-{cycle}-{lesson:02d}",
                    day=_day(place),
                    present=tuple(c for c in contracts if self.rng.random() < 0.97),
                    hours_hundredths=LESSON_HOURS,
                )
                self.told[place].append(session)
            begins += LESSONS * 7 // 2 + self.rng.randint(1, 7)
            cycle += 1

    def _enrol(self, group: int, cycle: int, pupil: int, begins: int) -> str:
        number = f"HT-{self.institution}-{group:02d}{cycle}{pupil}"
        signed = max(0, begins - self.rng.randint(0, 12))
        payer = f"家长{group}甲{pupil}"
        contract = f.ContractStated(
            institution=self.institution,
            number=number,
            signed=_day(signed),
            price_fen=PRICE_FEN + group * 1_000 + cycle,
            payers=(payer,),
            student=f"学生{group}-{pupil}",
            academic=False,
            paid_hours_hundredths=LESSONS * LESSON_HOURS,
            minutes=45,
            begins=_day(begins),
            ends=_day(begins + LESSONS * 7 // 2),
        )
        self.told[signed].append(contract)
        named = f"学费 {number}" if self.rng.random() < 0.7 else "学费"
        self._move(signed, self.dedicated, contract.price_fen, payer, named)
        return number

    def _earned_weekly(self) -> int:
        return GROUPS * PUPILS * HOUR_FEN * 2

    def _move(self, place: int, account: str, amount_fen: int, party: str, text: str) -> None:
        self.moves[place].append((account, amount_fen, party, text, ""))
        if party in self.balances:
            self.moves[place].append((party, -amount_fen, account, text, ""))

    def _statement(self, account: str, place: int) -> Iterator[f.Fact]:
        day = _day(place)
        opening = self.balances[account]
        yield f.BalanceReported(account=account, day=day, what="opening", balance_fen=opening)
        entries = 0
        for own, amount_fen, party, text, _ in self.moves[place]:
            if own != account:
                continue
            entries += 1
            self.serial += 1
            self.balances[account] += amount_fen
            yield f.EntryBooked(
                account=account,
                booking_date=day,
                serial=f"S{self.serial:06d}",
                amount_fen=abs(amount_fen),
                direction="C" if amount_fen > 0 else "D",
                counterparty_name=self.institution if party in self.balances else party,
                counterparty_account=party if party in self.balances else "",
                remittance=text,
            )
        closing = self.balances[account]
        yield f.BalanceReported(account=account, day=day, what="closing", balance_fen=closing)
        yield f.StatementReceived(
            account=account,
            statement=f"{day:%Y%m%d}",
            begins=day,
            ends=day,
            consistent=True,
            entries=entries,
        )


def _day(place: int) -> date:
    return FIRST + timedelta(days=place)
