"""Accounts other than the dedicated one that took tuition, by source (rules.md P1)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from models import facts as f
from models.bills import runs_of

if TYPE_CHECKING:
    from models.ledger import Ledger
    from models.matching import Entry

Kind = Literal["entry", "receipt", "bill", "complaint", "contract"]


class Source(msgspec.Struct, frozen=True, gc=False):
    """One source that says that an account took money of a contract.

    `since` is the first day on which it counts. `amount_fen` is None where the source names no
    amount: a payee account written in a contract, a complaint that tells none. It is then the
    contract's price less what came into designated accounts.
    """

    kind: Kind
    contract: str
    since: int
    amount_fen: int | None


class OutsideSources:
    """The sources by account and fact id."""

    def __init__(self) -> None:
        self.by_account: dict[str, dict[str, Source]] = defaultdict(dict)
        self._accounts_of: dict[str, set[str]] = defaultdict(set)
        self._account_of: dict[str, str] = {}
        self._matched: dict[str, str] = {}
        self._told: dict[str, f.ReceiptIssued | f.ComplaintFiled | f.ContractStated] = {}
        self._billed: dict[str, f.MerchantTransactionBilled] = {}

    def entry(self, ledger: Ledger, entry: Entry, contract: str, *, adding: bool) -> None:
        """A matched credit; money on a designated account only lowers what a contract owes."""
        self._take(ledger, entry.id)
        self._matched.pop(entry.id, None)
        if adding:
            self._matched[entry.id] = contract
            self._sort_entry(ledger, entry, contract)
        ledger.touched.accounts |= self.accounts_of(contract)

    def _sort_entry(self, ledger: Ledger, entry: Entry, contract: str) -> None:
        if not ledger.registers.designated(entry.account, entry.day):
            since = max(entry.day, entry.segments[-1].since)
            source = Source("entry", contract, since, entry.fact.amount_fen)
            self._give(ledger, entry.id, entry.account, source)

    def bill(
        self, ledger: Ledger, identifier: str, row: f.MerchantTransactionBilled | None
    ) -> None:
        """A row of a merchant's bill, or None where it is gone; only a payment pays anything."""
        self._take(ledger, identifier)
        self._billed.pop(identifier, None)
        if row is not None and row.what == "payment":
            self._billed[identifier] = row
            self._sort_bill(ledger, identifier)

    def _sort_bill(self, ledger: Ledger, identifier: str) -> None:
        """File it under the account to which the code settles, if it names exactly one contract.

        As of bank entries on other accounts: what names no contract is no tuition (M3).
        """
        row = self._billed[identifier]
        day = row.booking_date.toordinal()
        account = ledger.registers.settles_to(row.merchant_code, day)
        if not account or ledger.registers.designated(account, day):
            return
        named = ledger.directory.named_contracts(runs_of(row))
        if len(named) == 1:
            number = named.pop()
            since = max(day, ledger.directory.terms[number].signed)
            self._give(ledger, identifier, account, Source("bill", number, since, row.amount_fen))

    def accounts_of(self, contract: str) -> set[str]:
        """The accounts of which a source speaks of this contract."""
        return self._accounts_of.get(contract, set())

    def contract(
        self, ledger: Ledger, identifier: str, fact: f.ContractStated, adding: bool
    ) -> None:
        """A contract; in it a payee account may be written."""
        self.tell(ledger, identifier, fact, adding)
        ledger.touched.accounts |= self._accounts_of.get(fact.number, set())

    def resettle(self, ledger: Ledger) -> None:
        """The registers changed: sort every told source anew."""
        for identifier in sorted(self._told):
            self._take(ledger, identifier)
            self._sort(ledger, identifier)
        for identifier in sorted(self._billed):
            self._take(ledger, identifier)
            self._sort_bill(ledger, identifier)
        for identifier, contract in sorted(self._matched.items()):
            self._take(ledger, identifier)
            self._sort_entry(ledger, ledger.entries[identifier], contract)

    def tell(
        self,
        ledger: Ledger,
        identifier: str,
        fact: f.ReceiptIssued | f.ComplaintFiled | f.ContractStated,
        adding: bool,
    ) -> None:
        """A fact that may name the account or merchant code paid to."""
        self._take(ledger, identifier)
        self._told.pop(identifier, None)
        if adding and (fact.payee_account or fact.merchant_code):
            self._told[identifier] = fact
            self._sort(ledger, identifier)

    def _sort(self, ledger: Ledger, identifier: str) -> None:
        """File a told source under its account unless that is designated on the source's day."""
        fact = self._told[identifier]
        kind, contract, day, amount_fen = _read(fact)
        account = fact.payee_account or ledger.registers.settles_to(fact.merchant_code, day)
        if account and not ledger.registers.designated(account, day):
            self._give(ledger, identifier, account, Source(kind, contract, day, amount_fen))

    def _give(self, ledger: Ledger, identifier: str, account: str, source: Source) -> None:
        self.by_account[account][identifier] = source
        self._accounts_of[source.contract].add(account)
        self._account_of[identifier] = account
        ledger.touched.accounts.add(account)

    def _take(self, ledger: Ledger, identifier: str) -> None:
        account = self._account_of.pop(identifier, None)
        if account is not None:
            del self.by_account[account][identifier]
            ledger.touched.accounts.add(account)


def _read(
    fact: f.ReceiptIssued | f.ComplaintFiled | f.ContractStated,
) -> tuple[Kind, str, int, int | None]:
    """Kind, contract, day and amount of a told source."""
    match fact:
        case f.ReceiptIssued():
            return ("receipt", fact.contract, fact.day.toordinal(), fact.amount_fen)
        case f.ComplaintFiled():
            return ("complaint", fact.contract, fact.day.toordinal(), fact.amount_fen)
        case _:
            return ("contract", fact.number, fact.signed.toordinal(), None)
