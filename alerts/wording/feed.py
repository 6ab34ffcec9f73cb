"""What findings about the feed itself are called (rules.md D)."""

from alerts.wording.shape import (
    NOTHING,
    Wording,
)

RULES: dict[str, Wording] = {
    "statement-broken": Wording(
        name=("对账单不平", "Statement that does not add up"),
        reason=(
            "对账单的期初余额、流水与期末余额不符,相差 {amount} 元。",
            "Opening balance, entries and balances of the statement disagree by {amount} yuan.",
        ),
        fires="opening balance and entries do not give the closing balance, or a running balance"
        " does not follow",
        kind="data",
        level="yellow",
        subject="`statement:<account>/<id>`",
        amount="the gap",
        day="statement day",
        stands="until corrected",
        evaluated="immediate",
        needs=NOTHING,
    ),
    "cannot-decide": Wording(
        name=("无法判断", "Cannot decide"),
        reason=("因缺少{missing},无法判断。", "This cannot be decided for want of {missing}."),
        fires="a rule, or matching, lacks a field that it needs",
        kind="data",
        level="blue",
        subject="`<rule>/<that rule's subject>`, `matching/entry:<...>` or `currency/account:<no>`",
        amount="none",
        day="as for the rule that cannot decide",
        stands="until the field is told",
        evaluated="with the rule that cannot decide",
        needs=NOTHING,
    ),
}

STEPS: dict[str, tuple[str, str]] = {}

CODES: dict[str, tuple[str, str]] = {
    "begins": ("开课日期", "the first day of lessons"),
    "ends": ("结课日期", "the last day of lessons"),
    "paid_hours": ("所购课时", "the paid hours"),
    "stages": ("划拨阶段", "the schedule of releases"),
    "academic": ("是否为学科类", "whether it is academic"),
    "contract": ("唯一对应的合同", "a single contract"),
    "remittance": ("附言", "a remittance"),
    "counterparty": ("对方户名或账号", "the counterparty's name or account"),
    "original": ("被冲正的原流水", "the entry that was reversed"),
    "balance": ("账户余额", "a reported balance"),
    "broken-statement": ("核对相符的对账单", "a statement that adds up"),
    "CNY amount": ("人民币金额", "an amount in yuan"),
    "internal error": ("规则的结果(内部错误)", "the rule's answer (internal error)"),
}
