"""docs/rules.md is what the policy and the words of the rules give."""

from alerts.rule_docs import COLUMNS, DOCUMENT, rules_markdown
from alerts.wording import RULES
from config.policy_load import load_policy
from models.policy import NATIONAL


def test_document_is_up_to_date() -> None:
    """The file equals what `python -m alerts.rule_docs` would write."""
    assert DOCUMENT.read_text(encoding="utf-8") == rules_markdown()


def test_every_rule_has_its_words() -> None:
    """The catalogue says of each rule what its findings look like."""
    for wording in RULES.values():
        assert all(getattr(wording, column) for column in COLUMNS)


def test_every_number_stands_in_the_document() -> None:
    """No parameter of any rule is left out."""
    text = rules_markdown()

    for rule in load_policy().area(NATIONAL).rules.values():
        assert f"\n## {rule.rule}\n" in text
        for parameter in rule.parameters:
            assert f"| `{parameter.name}` |" in text
            assert parameter.description in text


def test_table_rows_are_whole() -> None:
    """No text of a row breaks the table with a bar of its own."""
    tables = [line for line in rules_markdown().splitlines() if line.startswith("|")]

    assert {3, 4, 7} == {line.count("|") for line in tables}
