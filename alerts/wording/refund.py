"""What findings about refunds, teaching and flight are called (rules.md C)."""

from alerts.wording.shape import (
    FOR_GOOD,
    NOTHING,
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
    "refund-unanswered": Wording(
        name=("退费申请未答复", "Unanswered refund request"),
        reason=(
            "退费申请逾期未答复,{amount} 元尚未退还。",
            "A refund request is unanswered past its term and {amount} yuan are still unpaid.",
        ),
        fires="a refund request is neither answered nor paid in full after so many working days",
        kind="warning",
        level="yellow",
        subject="`refund:<no>`",
        amount="what is still unpaid",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="the calendar",
    ),
    "refund-misdirected": Wording(
        name=("退费未退给缴费人", "Refund to someone else"),
        reason=(
            "疑似将 {amount} 元退费付给非缴费人。",
            "{amount} yuan of a refund seem to have gone to someone who did not pay.",
        ),
        fires="a refund of a contract goes to a name that is neither one of its payers nor that of"
        " one of its payments, nor a payment company of the merchant register",
        kind="suspicion",
        level="yellow",
        subject="`entry:<account>/<booking date>/<serial>`",
        amount="that entry",
        day="booking date, not before the contract or request that it names",
        stands=FOR_GOOD,
        evaluated="immediate",
        needs="counterparty name; a payer of the contract",
    ),
    "refund-surge": Wording(
        name=("退费申请激增", "Surge of refund requests"),
        reason=(
            "近期退费申请数达到平时的数倍,共申请 {amount} 元。",
            "Refund requests came at a multiple of the usual pace, for {amount} yuan in all.",
        ),
        fires="the requests of the window are a multiple of the mean of the weeks before (a mean"
        " below one counts as one)",
        kind="warning",
        level="blue to red by that multiple",
        subject="`refunds`",
        amount="what the requests of the window ask for",
        day=RUN,
        stands="until calm for `calm_days`",
        evaluated="at close",
        needs=NOTHING,
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
    "limit_working_days": ("期限(工作日)", "term in working days"),
    "refunded": ("退费金额", "refunded"),
    "known_payers": ("已知缴费人数", "known payers"),
    "requests": ("统计期内申请数", "requests in the window"),
    "requests_before": ("此前基准期申请数", "requests in the weeks before"),
    "baseline_weeks": ("基准期(周)", "weeks before"),
}

CODES: dict[str, tuple[str, str]] = {
    "counterparty_name": ("对方户名", "the counterparty's name"),
    "payers": ("合同缴费人", "the payers of the contract"),
}
