"""Every word about rules, by group: names, reasons, the lines of formulas, missing fields."""

from alerts.wording import charging, custody, feed, flight, refund, risk
from alerts.wording.shape import Text, Wording

_GROUPS = (charging, custody, refund, flight, risk, feed)

RULES: dict[str, Wording] = {
    rule: wording for group in _GROUPS for rule, wording in group.RULES.items()
}
STEPS: dict[str, Text] = {step: text for group in _GROUPS for step, text in group.STEPS.items()}
"""What the lines of formulas are called."""
CODES: dict[str, Text] = {code: text for group in _GROUPS for code, text in group.CODES.items()}
"""What codes in formulas, and missing fields, are called."""
