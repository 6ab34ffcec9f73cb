"""The rules in order: one plain function each, from a view and a subject to findings.

`subject` says by what a rule is woken: the subjects of that kind that new facts touched. Rules
marked immediate see all facts, rules at close those of days through the closed day (rules.md G2).
"""

from collections.abc import Callable
from typing import Literal

from alerts.rules.accounts import payment_outside_account, several_accounts
from alerts.rules.charging import (
    charge_amount,
    charge_hours,
    charge_span,
    charge_while_barred,
    charge_without_contract,
)
from alerts.rules.coverage import coverage_short
from alerts.rules.debits import outflow_related_party, outflow_split, outflow_unapproved
from alerts.rules.deliveries import (
    entries_unpaired,
    entry_unrouted,
    feed_silent,
    statement_conflict,
    statement_gap,
    unlicensed_collection,
)
from alerts.rules.early import charge_early
from alerts.rules.feed import foreign_currency, matching_undecided, statement_broken
from alerts.rules.flow import inflow_collapse, presale_surge
from alerts.rules.inflow import missing_inflow
from alerts.rules.monthly import bank_fee, timeout_confirmed
from alerts.rules.outflow import outflow_large
from alerts.rules.papers import (
    cash_not_banked,
    charge_by_loan,
    charge_stored_value,
    charge_without_invoice,
    invoices_untold,
)
from alerts.rules.people import complaint_surge, owner_changed
from alerts.rules.prices import charge_over_guide_price, charge_unlisted, fees_untold
from alerts.rules.refund import refund_late
from alerts.rules.regular import payroll_missed, rent_missed
from alerts.rules.release import release_ahead, release_ahead_batch
from alerts.rules.requests import refund_misdirected, refund_surge, refund_unanswered
from alerts.rules.reserve import reserve_pledged, reserve_short
from alerts.rules.risk import runaway_risk
from alerts.rules.settlements import settlement_unmatched
from alerts.rules.splitting import charge_split, split_unlinked
from alerts.rules.teaching import teaching_stopped
from alerts.rules.view import View
from models.findings import CANNOT_DECIDE, Finding

SubjectKind = Literal[
    "payments",
    "invoices",
    "cash",
    "student",
    "early",
    "contested",
    "unpaired",
    "span",
    "path",
    "entry",
    "account",
    "request",
    "statement",
    "day",
    "month",
    "institution",
]


class Rule:
    """A rule id with its function, what wakes it, and when it is evaluated."""

    __slots__ = ("at_close", "id", "judge", "subject")

    def __init__(
        self,
        identifier: str,
        judge: Callable[[View, str], list[Finding]],
        subject: SubjectKind,
        *,
        at_close: bool,
    ) -> None:
        self.id = identifier
        self.judge = judge
        self.subject = subject
        self.at_close = at_close


RULES: tuple[Rule, ...] = (
    Rule("charge-span", charge_span, "payments", at_close=False),
    Rule("charge-hours", charge_hours, "payments", at_close=False),
    Rule("charge-amount", charge_amount, "payments", at_close=False),
    Rule("charge-while-barred", charge_while_barred, "payments", at_close=False),
    Rule("charge-split", charge_split, "student", at_close=False),
    Rule("charge-split", split_unlinked, "payments", at_close=False),
    Rule("charge-stored-value", charge_stored_value, "payments", at_close=False),
    Rule("charge-unlisted", charge_unlisted, "payments", at_close=False),
    Rule("charge-over-guide-price", charge_over_guide_price, "payments", at_close=False),
    Rule("charge-by-loan", charge_by_loan, "payments", at_close=False),
    Rule("payment-outside-account", payment_outside_account, "account", at_close=False),
    Rule("statement-broken", statement_broken, "statement", at_close=False),
    Rule("statement-conflict", statement_conflict, "contested", at_close=False),
    Rule("refund-misdirected", refund_misdirected, "payments", at_close=False),
    Rule(CANNOT_DECIDE, matching_undecided, "entry", at_close=False),
    Rule(CANNOT_DECIDE, foreign_currency, "account", at_close=False),
    Rule(CANNOT_DECIDE, entries_unpaired, "unpaired", at_close=False),
    Rule("charge-without-contract", charge_without_contract, "entry", at_close=True),
    Rule("charge-without-invoice", charge_without_invoice, "invoices", at_close=True),
    Rule("charge-without-invoice", invoices_untold, "institution", at_close=True),
    Rule("charge-unlisted", fees_untold, "institution", at_close=True),
    Rule("cash-not-banked", cash_not_banked, "cash", at_close=True),
    Rule("charge-early", charge_early, "early", at_close=True),
    Rule("release-ahead", release_ahead, "path", at_close=True),
    Rule("release-ahead", release_ahead_batch, "institution", at_close=True),
    Rule("refund-late", refund_late, "request", at_close=True),
    Rule("refund-unanswered", refund_unanswered, "request", at_close=True),
    Rule("refund-surge", refund_surge, "institution", at_close=True),
    Rule("teaching-stopped", teaching_stopped, "institution", at_close=True),
    Rule("presale-surge", presale_surge, "institution", at_close=True),
    Rule("inflow-collapse", inflow_collapse, "institution", at_close=True),
    Rule("statement-gap", statement_gap, "span", at_close=True),
    Rule("feed-silent", feed_silent, "institution", at_close=True),
    Rule("entry-unrouted", entry_unrouted, "institution", at_close=True),
    Rule(CANNOT_DECIDE, settlement_unmatched, "institution", at_close=True),
    Rule("unlicensed-collection", unlicensed_collection, "institution", at_close=True),
    Rule("several-accounts", several_accounts, "institution", at_close=True),
    Rule("coverage-short", coverage_short, "institution", at_close=True),
    Rule("missing-inflow", missing_inflow, "institution", at_close=True),
    Rule("reserve-short", reserve_short, "institution", at_close=True),
    Rule("reserve-pledged", reserve_pledged, "institution", at_close=True),
    Rule("outflow-large", outflow_large, "day", at_close=True),
    Rule("outflow-related-party", outflow_related_party, "day", at_close=True),
    Rule("outflow-unapproved", outflow_unapproved, "entry", at_close=True),
    Rule("outflow-split", outflow_split, "institution", at_close=True),
    Rule("bank-fee", bank_fee, "month", at_close=True),
    Rule("timeout-confirmed", timeout_confirmed, "month", at_close=True),
    Rule("complaint-surge", complaint_surge, "institution", at_close=True),
    Rule("owner-changed", owner_changed, "institution", at_close=True),
    Rule("payroll-missed", payroll_missed, "institution", at_close=True),
    Rule("rent-missed", rent_missed, "institution", at_close=True),
    Rule("runaway-risk", runaway_risk, "institution", at_close=True),
)
