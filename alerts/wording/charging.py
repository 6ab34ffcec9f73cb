"""What findings about charging are called and how they are catalogued (rules.md A)."""

from alerts.wording.shape import (
    FOR_GOOD,
    HELD,
    NOTHING,
    Wording,
)

RULES: dict[str, Wording] = {
    "charge-span": Wording(
        name=("一次收费跨度过长", "Charge for too long a span"),
        reason=(
            "一次收取 {amount} 元,所购课程的时间跨度超过上限。",
            "One charge of {amount} yuan pays for a longer span of lessons than is allowed.",
        ),
        fires="one charge pays for a longer span than the limit",
        kind="breach",
        level="orange",
        subject="`contract:<no>/<day of the charge's first payment>`",
        amount="the charge's payments",
        day=HELD,
        stands=FOR_GOOD,
        evaluated="immediate",
        needs="start and end",
    ),
    "charge-hours": Wording(
        name=("一次收费课时过多", "Charge for too many class hours"),
        reason=(
            "一次收取 {amount} 元,所购课时超过上限。",
            "One charge of {amount} yuan pays for more class hours than are allowed.",
        ),
        reasons={
            "suspicion": (
                "一次收取 {amount} 元,所购课时加上赠送课时超过上限。",
                "One charge of {amount} yuan passes the limit of class hours with its bonus hours.",
            )
        },
        fires="one charge pays for more class hours than the limit; suspicion when only paid and"
        " bonus hours together pass it",
        kind="breach; suspicion",
        level="orange; yellow",
        subject="`contract:<no>/<day of the charge's first payment>`",
        amount="the charge's payments",
        day=HELD,
        stands=FOR_GOOD,
        evaluated="immediate",
        needs="hours",
    ),
    "charge-amount": Wording(
        name=("一次收费金额过高", "Charge of too large an amount"),
        reason=(
            "一次收取非学科类培训费 {amount} 元,超过上限。",
            "One non-academic charge comes to {amount} yuan, which is above the limit.",
        ),
        fires="the payments of one non-academic charge come to more than the limit",
        kind="breach",
        level="orange",
        subject="`contract:<no>/<day of the charge's first payment>`",
        amount="the charge's payments since the start of the limit",
        day=HELD,
        stands=FOR_GOOD,
        evaluated="immediate",
        needs="academic or not",
    ),
    "charge-while-barred": Wording(
        name=("禁止收费期间收费", "Charge while barred from charging"),
        reason=(
            "在不得收费的日子收取 {amount} 元。",
            "{amount} yuan were taken on days on which the institution must not charge.",
        ),
        fires="matched tuition is booked on a day without custody or reserve agreement, or while"
        " a suspension, a void licence or an overdue change to non-profit covers it",
        kind="breach",
        level="red",
        subject="`contract:<no>`",
        amount="payments booked on barred days",
        day="first of them, not before the signature",
        stands=FOR_GOOD,
        evaluated="immediate",
        needs=NOTHING,
    ),
    "charge-without-contract": Wording(
        name=("无合同收费", "Charge without a contract"),
        reason=(
            "收款 {amount} 元,期限内没有对应的合同,或早于合同签订日。",
            "A payment of {amount} yuan has no contract in time, or came before its signature.",
        ),
        fires="(a) tuition on a designated account has no contract in time, or (b) was booked"
        " before the contract's signature",
        kind="breach",
        level="yellow",
        subject="`entry:<account>/<booking date>/<serial>`",
        amount="that entry",
        day="(a) the close of the last day of the tolerance; (b) the earlier of that and the"
        " signed day",
        stands="until facts explain it",
        evaluated="at close",
        needs="the calendar",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "payments": ("收款合计", "payments"),
    "limit": ("上限", "limit"),
    "first_bought_day": ("所购首日", "first bought day"),
    "last_bought_day": ("所购末日", "last bought day"),
    "last_allowed_day": ("允许的最后一日", "last allowed day"),
    "bought_hours": ("所购课时", "bought class hours"),
    "bonus_hours": ("赠送课时", "bonus class hours"),
    "limit_hours": ("课时上限", "limit of class hours"),
    "payments_on_barred_days": ("不得收费期间的收款", "payments on barred days"),
    "bar": ("不得收费的原因", "why charging is barred"),
    "booking_date": ("入账日", "booking date"),
    "tolerated_until": ("容许截止日", "tolerated until"),
    "signed": ("合同签订日", "contract signed"),
}

CODES: dict[str, tuple[str, str]] = {
    "no-agreement": ("未建立资金监管", "no custody or reserve agreement"),
    "suspended": ("被责令暂停收费", "charging is suspended"),
    "licence-void": ("办学许可失效", "the licence is void"),
    "nonprofit-overdue": ("营转非逾期", "the change to non-profit is overdue"),
}
