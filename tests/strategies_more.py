"""What else may be told of a drawn institution; `MORE` is asked in this order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.strategies_bills import tell_bills
from tests.strategies_charging import tell_charging
from tests.strategies_custody import tell_custody
from tests.strategies_feeds import tell_feeds
from tests.strategies_refund import tell_refund

if TYPE_CHECKING:
    from tests.strategies import Teller

MORE: tuple[Callable[[Teller], None], ...] = (
    tell_charging,
    tell_custody,
    tell_refund,
    tell_feeds,
    tell_bills,
)
