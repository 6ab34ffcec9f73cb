"""What findings are called in Chinese and English: rules, reasons, levels, kinds, steps.

Every text is a pair, Chinese then English. Which clause a finding rests on comes from the policy.
"""

import re
from typing import Literal

from alerts.step_texts import CODES, STEPS
from models.findings import Change, Finding
from models.money import format_yuan

Language = Literal["zh", "en"]
Text = tuple[str, str]
"""Chinese, English."""

RULES: dict[str, Text] = {
    "charge-span": ("一次收费跨度过长", "Charge for too long a span"),
    "charge-hours": ("一次收费课时过多", "Charge for too many class hours"),
    "charge-amount": ("一次收费金额过高", "Charge of too large an amount"),
    "charge-while-barred": ("禁止收费期间收费", "Charge while barred from charging"),
    "charge-without-contract": ("无合同收费", "Charge without a contract"),
    "payment-outside-account": ("专用账户外收费", "Payment outside the dedicated account"),
    "several-accounts": ("专用账户不唯一", "Several dedicated accounts"),
    "release-ahead": ("超进度划拨", "Release ahead of teaching"),
    "coverage-short": ("余额低于未消课资金", "Balance below the unearned money"),
    "outflow-large": ("大额异常支出", "Large unscheduled outflow"),
    "refund-late": ("退费逾期", "Late refund"),
    "statement-broken": ("对账单不平", "Statement that does not add up"),
    "cannot-decide": ("无法判断", "Cannot decide"),
}

_NO_RULES: dict[str, Text] = {
    "matching": ("流水匹配", "Matching of entries"),
    "currency": ("币种", "Currency"),
}
"""What else may stand before the subject of a cannot-decide."""

_REASONS: dict[str, Text] = {
    "charge-span": (
        "一次收取 {amount} 元,所购课程的时间跨度超过上限。",
        "One charge of {amount} yuan pays for a longer span of lessons than is allowed.",
    ),
    "charge-hours": (
        "一次收取 {amount} 元,所购课时超过上限。",
        "One charge of {amount} yuan pays for more class hours than are allowed.",
    ),
    "charge-hours/suspicion": (
        "一次收取 {amount} 元,所购课时加上赠送课时超过上限。",
        "One charge of {amount} yuan passes the limit of class hours with its bonus hours.",
    ),
    "charge-amount": (
        "一次收取非学科类培训费 {amount} 元,超过上限。",
        "One non-academic charge comes to {amount} yuan, which is above the limit.",
    ),
    "charge-while-barred": (
        "在不得收费的日子收取 {amount} 元。",
        "{amount} yuan were taken on days on which the institution must not charge.",
    ),
    "charge-without-contract": (
        "收款 {amount} 元,期限内没有对应的合同,或早于合同签订日。",
        "A payment of {amount} yuan has no contract in time, or came before its signature.",
    ),
    "payment-outside-account": (
        "学费 {amount} 元进入了当日并非专用账户的账户。",
        "Tuition of {amount} yuan went into an account that was not the dedicated one that day.",
    ),
    "payment-outside-account/suspicion": (
        "据投诉或合同所载收款账户,学费 {amount} 元可能进入专用账户之外的账户。",
        "A complaint or contract points to {amount} yuan outside the dedicated account.",
    ),
    "several-accounts": (
        "同时有多个专用账户,或短期内多次变更。",
        "Several dedicated accounts stand at once, or they changed too often.",
    ),
    "release-ahead": (
        "已划拨资金比授课进度所允许的多 {amount} 元。",
        "{amount} yuan more were released than the teaching so far allows.",
    ),
    "coverage-short": (
        "专用账户余额比未消课资金少 {amount} 元。",
        "The dedicated accounts hold {amount} yuan less than the unearned money.",
    ),
    "outflow-large": (
        "当日有 {amount} 元支出,既非应划拨款,也非已申请的退费或已批准的支出。",
        "{amount} yuan left as neither due release, requested refund nor approved payment.",
    ),
    "refund-late": (
        "应退 {amount} 元尚未退还。",
        "{amount} yuan of a refund are still unpaid.",
    ),
    "refund-late/breach": (
        "退费期限已过,仍有 {amount} 元未退还。",
        "The term of the refund is over and {amount} yuan are still unpaid.",
    ),
    "statement-broken": (
        "对账单的期初余额、流水与期末余额不符,相差 {amount} 元。",
        "Opening balance, entries and balances of the statement disagree by {amount} yuan.",
    ),
    "cannot-decide": (
        "因缺少{missing},无法判断。",
        "This cannot be decided for want of {missing}.",
    ),
}

_WORDS: dict[str, Text] = {
    "breach": ("违规", "breach"),
    "suspicion": ("疑似", "suspicion"),
    "warning": ("预警", "warning"),
    "data": ("数据", "data"),
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
    "raised": ("新增", "raised"),
    "changed": ("变更", "changed"),
    "cleared": ("消除", "cleared"),
}


def rule_name(rule: str, language: Language) -> str:
    """What a rule, or what else cannot decide, is called; its id where it has no name."""
    return _in(language, RULES.get(rule) or _NO_RULES.get(rule, (rule, rule)))


def reason(finding: Finding, language: Language) -> str:
    """What was found, in one sentence without names or account numbers."""
    text = _REASONS.get(f"{finding.rule}/{finding.kind}") or _REASONS[finding.rule]
    amount = "?" if finding.amount_fen is None else format_yuan(finding.amount_fen)
    missing = code_words(finding.missing, language)
    return _in(language, text).format(amount=amount, missing=missing)


def kind_word(finding: Finding, language: Language) -> str:
    """Whether it is a breach, a suspicion, a warning or about the data."""
    return _in(language, _WORDS[finding.kind])


def level_word(finding: Finding, language: Language) -> str:
    """How bad it is, as a colour."""
    return _in(language, _WORDS[finding.level])


def change_word(change: Change, language: Language) -> str:
    """What happened to a finding."""
    return _in(language, _WORDS[change.change])


def step_name(step: str, language: Language) -> str:
    """What a line of a formula is called; its key in words where it has no name."""
    words = step.replace("_", " ")
    return _in(language, STEPS.get(step, (words, words)))


def code_words(codes: str, language: Language) -> str:
    """Codes such as "begins, ends" in words; what is no code stays as it is.

    What follows a colon, as in "internal error: KeyError", is left to the log.
    """
    codes = codes.partition(":")[0]
    return ("、" if language == "zh" else ", ").join(
        _in(language, CODES.get(code) or _calendar(code)) for code in codes.split(", ")
    )


def _calendar(code: str) -> Text:
    """A year without a calendar, as CalendarMissing writes it; any other code as it is."""
    year = re.fullmatch(r"calendar (\d+)(?: missing)?", code)
    if year is None:
        return (code, code)
    return (f"{year[1]} 年工作日历", f"the calendar of {year[1]}")


def _in(language: Language, text: Text) -> str:
    return text[0] if language == "zh" else text[1]
