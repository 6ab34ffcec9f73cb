"""Every rule, reason, kind, level, change and step of a formula is told in both languages."""

import ast
from datetime import date
from typing import get_args

import msgspec
import pytest

from alerts import texts
from alerts.texts import Language
from alerts.wording import CODES, STEPS
from alerts.wording import RULES as WORDED
from config.policy_load import load_policy
from models.findings import Change, Finding, Kind, LevelWord, Step
from models.policy import MATCHING, NATIONAL
from tests.house import Source, sources

LANGUAGES: tuple[Language, ...] = ("zh", "en")
RULES = sorted(set(load_policy().area(NATIONAL).rules) - {MATCHING})


def finding(rule: str, kind: Kind = "breach", level: LevelWord = "red") -> Finding:
    """A finding of a rule about 1,234.56 yuan."""
    return Finding(
        rule=rule,
        kind=kind,
        level=level,
        institution="JG-1",
        subject="contract:HT-1",
        day=date(2024, 3, 1),
        amount_fen=123456,
        evidence=(),
        formula=(),
        policy="0" * 16,
        missing="hours" if rule == "cannot-decide" else "",
    )


def is_chinese(text: str) -> bool:
    """Whether a text holds a Chinese character."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def test_every_rule_of_the_policy_has_a_name() -> None:
    """The names are those of the rules that the policy declares, no more and no fewer."""
    assert sorted(WORDED) == RULES


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_rule_gives_its_reason(rule: str, kind: Kind) -> None:
    """Whatever the kind, the reason is one whole sentence in each language, and names differ."""
    zh, en = (texts.reason(finding(rule, kind), language) for language in LANGUAGES)

    assert is_chinese(zh)
    assert not is_chinese(en)
    assert (zh[-1], en[-1]) == ("。", ".")
    assert zh.count("。") == 1
    assert "{" not in zh + en
    assert is_chinese(texts.rule_name(rule, "zh"))
    assert not is_chinese(texts.rule_name(rule, "en"))


def test_reason_holds_the_amount() -> None:
    """The amount stands in yuan, and a question mark where a finding has none."""
    without = msgspec.structs.replace(finding("refund-late"), amount_fen=None)

    assert "?" in texts.reason(without, "en")
    assert "1,234.56" in texts.reason(finding("refund-late"), "zh")


def test_reason_follows_the_kind() -> None:
    """A late refund is told otherwise once its term is over."""
    told = {texts.reason(finding("refund-late", kind), "en") for kind in ("warning", "breach")}

    assert len(told) == 2


def test_every_kind_level_and_change_has_a_word() -> None:
    """No word is missing in either language."""
    for language in LANGUAGES:
        for kind in get_args(Kind):
            assert texts.kind_word(finding("refund-late", kind), language)
        for level in get_args(LevelWord):
            assert texts.level_word(finding("refund-late", level=level), language)
        for change in ("raised", "changed", "cleared"):
            assert texts.change_word(Change(change, finding("refund-late")), language)


# --- steps of formulas ----------------------------------------------------------------------------


def constants(source: Source, makers: set[str]) -> set[str]:
    """The first arguments, where they are texts, of the calls of these functions in a file."""
    return {
        node.args[0].value
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in makers
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def step_makers() -> set[str]:
    """Step itself and every function of the rules that makes one of a name."""
    made = {
        node.name
        for source in sources("alerts/rules")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id == Step.__name__
    }
    return made | {Step.__name__}


def missing_codes(source: Source) -> set[str]:
    """The codes that a file names as missing, where it writes them as texts."""
    return {
        code
        for node in ast.walk(source.tree)
        if isinstance(node, ast.keyword)
        and node.arg == "missing"
        and isinstance(node.value, ast.Constant)
        for code in str(node.value.value).split(", ")
        if code  # nothing is missing
    }


def test_every_step_of_a_rule_has_its_words() -> None:
    """Each name that a rule gives to a line of its formula is told in both languages."""
    makers = step_makers()
    used = {key for source in sources("alerts/rules") for key in constants(source, makers)}

    assert used
    assert set() == used - set(STEPS)


def test_every_missing_field_has_its_words() -> None:
    """Each code that a rule or matching names as missing is told in both languages."""
    used = {code for source in sources("alerts/rules", "models") for code in missing_codes(source)}

    assert used
    assert set() == used - set(CODES)


@pytest.mark.parametrize(
    ("missing", "zh", "en"),
    [
        ("begins, ends", "开课日期、结课日期", "the first day of lessons, the last day of lessons"),
        ("calendar 2027 missing", "2027 年工作日历", "the calendar of 2027"),
        ("calendar 2027", "2027 年工作日历", "the calendar of 2027"),
        (
            "internal error: KeyError",
            "规则的结果(内部错误)",
            "the rule's answer (internal error)",
        ),
        ("something else", "something else", "something else"),
    ],
)
def test_what_is_missing_is_named(missing: str, zh: str, en: str) -> None:
    """The reason of a cannot-decide names the field, or the year, in words."""
    told = msgspec.structs.replace(finding("cannot-decide", "data"), missing=missing)

    assert texts.reason(told, "zh") == f"因缺少{zh},无法判断。"
    assert texts.reason(told, "en") == f"This cannot be decided for want of {en}."


@pytest.mark.parametrize("text", [*STEPS.values(), *CODES.values()])
def test_word_is_told_in_both_languages(text: tuple[str, str]) -> None:
    """The Chinese text is Chinese, the English one is not."""
    assert is_chinese(text[0])
    assert text[1]
    assert not is_chinese(text[1])


def test_unknown_step_is_shown_by_its_key() -> None:
    """A key without words reads as its words, so that no page fails for a name."""
    assert texts.step_name("some_new_step", "zh") == "some new step"
    assert texts.rule_name("some-rule", "en") == "some-rule"
    assert texts.rule_name("matching", "en") == "Matching of entries"
