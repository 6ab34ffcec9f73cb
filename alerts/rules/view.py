"""What a rule is given: the ledger of one view, the law of the area, the calendar, the day."""

from collections.abc import Iterable
from datetime import date

from models.contracts import Bought, Charge
from models.findings import CANNOT_DECIDE, Finding, Kind, LevelWord, Step
from models.ledger import Ledger
from models.money import format_yuan
from models.policy import LEVEL_WORDS, AreaPolicy
from models.registers import FOREVER
from models.working_days import WorkingCalendar

__all__ = ["LEVEL_WORDS", "View", "day_step", "minus", "number", "share_of", "sum_of", "yuan"]


class View:
    """One institution as a rule sees it; `as_of` is the close of a day, FOREVER for all facts."""

    def __init__(self, ledger: Ledger, policy: AreaPolicy, calendar: WorkingCalendar) -> None:
        self.ledger = ledger
        self.policy = policy
        self.calendar = calendar
        self.as_of = FOREVER
        self.charges: dict[str, list[Charge]] = {}
        """By contract, for the rules that ask one after the other; emptied after each round."""
        self.bought: dict[tuple[str, int, int], Bought] = {}
        """What a contract's money between two sums of fen buys; emptied with `charges`."""
        self.again_on = FOREVER
        """The day at whose close the rule that is asked now must be asked again; see `again`."""

    def forget_charges(self) -> None:
        """What was worked out of charges may be so no more."""
        self.charges.clear()
        self.bought.clear()

    def again(self, day: int) -> None:
        """Ask the rule again of this subject at the close of a day, though no fact touches it."""
        self.again_on = min(self.again_on, day)

    def finding(
        self,
        rule: str,
        subject: str,
        *,
        kind: Kind,
        level: LevelWord,
        day: int,
        amount_fen: int | None,
        evidence: Iterable[str],
        formula: Iterable[Step],
    ) -> Finding:
        """A finding about this institution, with the hash of the rule's own values."""
        return Finding(
            rule=rule,
            kind=kind,
            level=level,
            institution=self.ledger.institution,
            subject=subject,
            day=date.fromordinal(day),
            amount_fen=amount_fen,
            evidence=tuple(sorted(set(evidence))),
            formula=tuple(formula),
            policy=self.policy.hash(rule),
        )

    def undecided(
        self,
        rule: str,
        subject: str,
        *,
        day: int,
        missing: str,
        evidence: Iterable[str] = (),
        formula: Iterable[Step] = (),
    ) -> Finding:
        """The answer "cannot decide": which rule, which subject, which field, since when."""
        return Finding(
            rule=CANNOT_DECIDE,
            kind="data",
            level="blue",
            institution=self.ledger.institution,
            subject=f"{rule}/{subject}",
            day=date.fromordinal(day),
            amount_fen=None,
            evidence=tuple(sorted(set(evidence))),
            formula=tuple(formula),
            policy=self.policy.hash(rule if rule in self.policy.rules else CANNOT_DECIDE),
            missing=missing,
        )

    def number(self, rule: str, name: str, day: int) -> int | None:
        """A value of the rule in force on a day, None when there was none yet (G12)."""
        return self.policy.value(rule, name, day)

    def words(self, rule: str, name: str, day: int) -> tuple[str, ...]:
        """The words of the rule in force on a day, () when there were none yet."""
        return self.policy.words(rule, name, day)


def yuan(name: str, amount_fen: int, expression: str = "") -> Step:
    """A formula line with an amount in yuan."""
    return Step(name, expression, format_yuan(amount_fen))


def number(name: str, value: object, expression: str = "") -> Step:
    """A formula line with a plain number or word."""
    return Step(name, expression, str(value))


def day_step(name: str, day: int) -> Step:
    """A formula line with a date."""
    return Step(name, "", date.fromordinal(day).isoformat())


def minus(first_fen: int, second_fen: int) -> str:
    """Two amounts in fen as a subtraction in yuan."""
    return f"{format_yuan(first_fen)} - {format_yuan(second_fen)}"


def share_of(part_fen: int, whole_fen: int) -> str:
    """Two amounts in fen as a share in percent."""
    return f"{format_yuan(part_fen)} ÷ {format_yuan(whole_fen)} × 100"


def sum_of(amounts: Iterable[int]) -> str:
    """Amounts in fen as an addition in yuan."""
    return " + ".join(format_yuan(amount) for amount in amounts)
