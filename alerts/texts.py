"""What findings are called in Chinese and English: rules, reasons, levels, kinds, steps.

Every text is a pair, Chinese then English. Which clause a finding rests on comes from the policy.
"""

import re
from typing import Literal

from alerts.rules.risk import FACTOR
from alerts.wording import CODES, RULES, STEPS
from alerts.wording.shape import Text
from models.findings import Change, Finding
from models.money import format_yuan

Language = Literal["zh", "en"]
FACTORS_NAMED_MAX = 3

_NO_RULES: dict[str, Text] = {
    "matching": ("流水匹配", "Matching of entries"),
    "currency": ("币种", "Currency"),
    "pairing": ("流水配对", "Pairing of entries"),
}
"""What else may stand before the subject of a cannot-decide."""

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
    known = RULES.get(rule)
    return _in(language, known.name if known else _NO_RULES.get(rule, (rule, rule)))


def reason(finding: Finding, language: Language) -> str:
    """What was found, in one sentence without names or account numbers."""
    wording = RULES[finding.rule]
    text = wording.reasons.get(finding.kind, wording.reason)
    amount = "?" if finding.amount_fen is None else format_yuan(finding.amount_fen)
    missing = code_words(finding.missing, language)
    factors = [step.name for step in finding.formula if step.name.startswith(FACTOR)]
    named = [step_name(factor, language) for factor in factors[:FACTORS_NAMED_MAX]]
    return _in(language, text).format(
        amount=amount, missing=missing, factors=_between(language).join(named)
    )


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
    if step.startswith(FACTOR) and step not in STEPS:
        return rule_name(step.removeprefix(FACTOR), language)
    words = step.replace("_", " ")
    return _in(language, STEPS.get(step, (words, words)))


def code_words(codes: str, language: Language) -> str:
    """Codes such as "begins, ends" in words; what is no code stays as it is.

    What follows a colon, as in "internal error: KeyError", is left to the log.
    """
    codes = codes.partition(":")[0]
    return _between(language).join(
        _in(language, CODES.get(code) or _calendar(code)) for code in codes.split(", ")
    )


def _between(language: Language) -> str:
    return "、" if language == "zh" else ", "


def _calendar(code: str) -> Text:
    """A year without a calendar, as CalendarMissing writes it; any other code as it is."""
    year = re.fullmatch(r"calendar (\d+)(?: missing)?", code)
    if year is None:
        return (code, code)
    return (f"{year[1]} 年工作日历", f"the calendar of {year[1]}")


def _in(language: Language, text: Text) -> str:
    return text[0] if language == "zh" else text[1]
