"""What the facts put since the last evaluation touched, so that only that is judged again."""

from models.directory import Directory
from models.registers import FOREVER


class Touched:
    """Subjects by kind, and the first day from which the day series is no longer right."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: the subjects were judged."""
        self.registers = False
        self.since = FOREVER
        self.paths: dict[str, int] = {}
        self.payments: set[str] = set()
        self.papers: set[str] = set()
        """Contracts of which only invoices or cash changed."""
        self.entries: set[str] = set()
        self.requests: set[str] = set()
        self.statements: set[tuple[str, str, str]] = set()
        self.spans: set[tuple[str, str, str]] = set()
        self.contested: set[str] = set()
        self.unpaired: set[str] = set()
        self.accounts: set[str] = set()
        self._students: set[str] = set()

    def student(self, student: str) -> None:
        """Note a student whose contracts changed."""
        if student:
            self._students.add(student)

    def students(self, directory: Directory) -> set[str]:
        """The students whose contracts or payments changed."""
        paid = (directory.terms.get(contract) for contract in self.payments)
        return self._students | {
            terms.contract.student for terms in paid if terms and terms.contract.student
        }

    def day(self, day: int) -> None:
        """Note a day from which on balances, sums or outflows changed."""
        if day < self.since:  # noqa: PLR1730 -- a third of the time of min(), on the hot path
            self.since = day

    def everything(self) -> None:
        """A register changed: every day is to be judged again."""
        self.since = 0
