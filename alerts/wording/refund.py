"""What findings about refunds, teaching and flight are called (rules.md C)."""

from alerts.wording.shape import (
    RUN,
    WHILE,
    Wording,
)

RULES: dict[str, Wording] = {
    "refund-late": Wording(
        name=("退费逾期", "Late refund"),
        reason=("应退 {amount} 元尚未退还。", "{amount} yuan of a refund are still unpaid."),
        reasons={
            "breach": (
                "退费期限已过,仍有 {amount} 元未退还。",
                "The term of the refund is over and {amount} yuan are still unpaid.",
            )
        },
        fires="something due of a refund request is unpaid after so many working days; breach"
        " when its term is over",
        kind="warning; breach",
        level="blue to red by working days; a breach at least orange",
        subject="`refund:<no>`",
        amount="what is still unpaid",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="the calendar",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    # any state that is judged day by day
    "last_seen": ("最近一次达到", "last seen on"),
    "due": ("应退", "due"),
    "still_unpaid": ("尚未退还", "still unpaid"),
    "asked": ("申请日", "asked"),
    "working_days_reached": ("已满工作日", "working days reached"),
    "term_days": ("退费期限(天)", "term in days"),
}

CODES: dict[str, tuple[str, str]] = {}
