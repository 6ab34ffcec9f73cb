"""The simulator's own naive book of an institution's contracts: what is paid, earned, released.

It knows from the plan which money belongs to which contract, so it needs no matching.
"""

from streams.simulator.plan import Account, Contract, Day, iso

STAGES = ((30, 30), (60, 60), (100, 100))


class Line:
    """One contract's figures in the book."""

    __slots__ = (
        "allowed",
        "contract",
        "delivered",
        "earned",
        "named",
        "paid",
        "refunded",
        "unearned",
    )

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.paid = self.refunded = self.delivered = self.named = 0
        self.earned = self.allowed = self.unearned = 0

    @property
    def free(self) -> int:
        """What may still be released of this contract."""
        return max(0, self.allowed - self.named)


class Book:
    """All contracts of an institution, with the sums over them kept up to date."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.unearned = self.free = self.paid = self.batches = 0

    def line(self, contract: Contract) -> Line:
        """The line of a contract, opened when first asked for."""
        found = self.lines.get(contract.number)
        if found is None:
            found = self.lines[contract.number] = Line(contract)
        return found

    def pay(self, contract: Contract, amount_fen: int) -> None:
        """Money that came in for a contract."""
        line = self.line(contract)
        line.paid += amount_fen
        self.paid += amount_fen
        self._again(line)

    def refund(self, contract: Contract, amount_fen: int) -> None:
        """Money that went back to the family."""
        line = self.line(contract)
        line.refunded += amount_fen
        self._again(line)

    def teach(self, contracts: list[Contract], hours: int) -> None:
        """One session: it uses up hours of every contract present."""
        for contract in contracts:
            line = self.line(contract)
            line.delivered += hours
            self._again(line)

    def release(self, amount_fen: int, contract: Contract | None) -> None:
        """Money released, of one contract by name or as a batch."""
        if contract is None:
            self.batches += amount_fen
            return
        line = self.line(contract)
        line.named += amount_fen
        # `named` also lowers what a batch may draw on.
        self._again(line, line.named - amount_fen)

    def _again(self, line: Line, named_before: int | None = None) -> None:
        contract = line.contract
        before = line.named if named_before is None else named_before
        free_before = line.allowed - before
        unearned_before = line.unearned
        taught = min(contract.hours, line.delivered)
        line.earned = min(contract.price_fen * taught // contract.hours, line.paid)
        line.allowed = _by_stage(line.paid, taught, contract.hours) if contract.staged else (
            line.earned
        )  # fmt: skip
        left = line.paid - line.refunded - line.earned
        line.unearned = max(0, left)
        free = line.allowed - line.named
        self.unearned += line.unearned - unearned_before
        self.free += (max(0, free)) - (max(0, free_before))


def _by_stage(paid_fen: int, taught: int, hours: int) -> int:
    released_percent = 0
    for taught_percent, percent in STAGES:
        if taught * 100 >= taught_percent * hours:
            released_percent = percent
    return paid_fen * released_percent // 100


def serial(account: Account, day: Day) -> str:
    """The bank's own serial of the entry, in the bank's own shape."""
    plain_day = iso(day).replace("-", "")
    if account.bank == "ccb":
        return f"{account.entries}-{plain_day[2:]}{account.number[-7:]}{account.entries:06d}"
    if account.bank == "boc":
        return f"{account.number[-7:]}{plain_day[2:]}".zfill(18) + f"{account.entries:09d}"
    return f"{account.bank[:2].upper()}{plain_day}{account.number[-7:]}{account.entries:06d}"
