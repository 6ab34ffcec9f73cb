"""The form in which a rule is worded: for officers in two languages, for the catalogue in one."""

from typing import NamedTuple

Text = tuple[str, str]
"""Chinese, English."""

FOR_GOOD = "for good"
WHILE = "while it holds"
CALM = "until calm for `calm_days`"
HELD = "first day the condition held, not before the signature"
RUN = "first day of the run"
NOTHING = "nothing of its own"


class Wording(NamedTuple):
    """What officers read of a rule, and what docs/rules.md says of it beside its numbers.

    `reason` may hold {amount} and {missing}; `reasons` has those that differ by kind.
    """

    name: Text
    reason: Text
    fires: str
    kind: str
    level: str
    subject: str
    amount: str
    day: str
    stands: str
    evaluated: str
    needs: str
    reasons: dict[str, Text] = {}  # noqa: RUF012 -- a tuple's default, never changed
