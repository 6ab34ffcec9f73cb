"""Values of law hold from their day on, the nearest area's first, and the hash sees values only."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.policy import (
    LEVEL_WORDS,
    MATCHING,
    NATIONAL,
    NO_LEGAL_TEXT,
    AreaPolicy,
    Clause,
    DatedValue,
    Parameter,
    Policy,
    RulePolicy,
    Steps,
    nearest,
)

START = date(2022, 12, 29)
LATER = date(2024, 3, 1)
COVERAGE: Steps = {"red": 50, "blue": 100, "orange": 80, "yellow": 95}

LIMIT = Parameter("limit_fen", "fen", "the most", (DatedValue(START, 500_000, "the text"),))
PERCENT = Parameter("percent", "percent", "below", (DatedValue(START, COVERAGE, NO_LEGAL_TEXT),))
SWITCH = Parameter("by_mode", "switch", "whether", (DatedValue(START, False, NO_LEGAL_TEXT),))
TERM = Parameter("term_days", "days", "the term")
SAID = Parameter("said", "words", "looked for", (DatedValue(START, ("充值", "次卡"), "the text"),))
RULE = RulePolicy(
    "a-rule",
    (Clause(START, "the text"),),
    (LIMIT, PERCENT, SWITCH, TERM, SAID),
    ("matching.window_days",),
)
WINDOW = Parameter("window_days", "days", "both ways", (DatedValue(START, 30, NO_LEGAL_TEXT),))
FEE = Parameter("fee_limit_fen", "fen", "the most", (DatedValue(START, 50_000, NO_LEGAL_TEXT),))
SHARED = RulePolicy(MATCHING, parameters=(WINDOW, FEE))

Dates = st.dates(min_value=date(2000, 1, 1), max_value=date(2040, 1, 1))


def area(*rules: RulePolicy) -> AreaPolicy:
    """The policy of one area with these rules over RULE and SHARED."""
    return AreaPolicy("here", {rule.rule: rule for rule in (RULE, SHARED, *rules)})


def dated(*values: tuple[date, int]) -> tuple[DatedValue, ...]:
    """Plain values with a basis."""
    return tuple(DatedValue(since, value, "the text") for since, value in values)


def with_limit(*values: tuple[date, int]) -> RulePolicy:
    """RULE with other values of its limit."""
    limit = msgspec.structs.replace(LIMIT, values=dated(*values))
    return msgspec.structs.replace(RULE, parameters=(limit, PERCENT, SWITCH, TERM, SAID))


# --- values of a day ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (START - timedelta(1), None),
        (START, 500_000),
        (LATER - timedelta(1), 500_000),
        (LATER, 400_000),
        (date(2099, 1, 1), 400_000),
    ],
)
def test_value_holds_from_its_day_until_the_next(day: date, expected: int | None) -> None:
    """A value begins on its first day and ends the day before the next one; before it is none."""
    policy = area(with_limit((START, 500_000), (LATER, 400_000)))

    assert expected == policy.value("a-rule", "limit_fen", day.toordinal())


def test_switch_that_is_off_is_a_value() -> None:
    """An off switch answers 0, and None before its first day."""
    policy = area()

    assert 0 == policy.value("a-rule", "by_mode", START.toordinal())
    assert policy.value("a-rule", "by_mode", START.toordinal() - 1) is None


def test_steps_come_in_order_of_the_levels() -> None:
    """Steps are given blue to red, however they were written, and not before their day."""
    policy = area()
    expected = ((100, "blue"), (95, "yellow"), (80, "orange"), (50, "red"))

    assert expected == policy.steps("a-rule", "percent", START.toordinal())
    assert policy.steps("a-rule", "percent", START.toordinal() - 1) is None


def test_parameter_without_values_answers_none() -> None:
    """A term that only some cities set is none elsewhere."""
    policy = area()

    assert policy.value("a-rule", "term_days", START.toordinal()) is None
    assert policy.steps("a-rule", "term_days", START.toordinal()) is None


def test_words_hold_from_their_day_in_their_order() -> None:
    """Words are a value like another; before the first there are none to look for."""
    policy = area()

    assert policy.words("a-rule", "said", START.toordinal() - 1) == ()
    assert policy.words("a-rule", "said", START.toordinal()) == ("充值", "次卡")
    assert policy.words("a-rule", "term_days", START.toordinal()) == ()
    with pytest.raises(KeyError):
        policy.words("a-rule", "limit_fen", START.toordinal())
    with pytest.raises(KeyError):
        policy.value("a-rule", "said", START.toordinal())


def test_hash_sees_words_and_their_order() -> None:
    """Another word, and another order in which they are tried, are another policy."""
    hashes = {
        area(RulePolicy("b-rule", (), (Parameter("said", "words", "", values),))).hash("b-rule")
        for said in (("充值", "次卡"), ("次卡", "充值"), ("充值",), ())
        for values in ([(DatedValue(START, said, "b"),)] if said else [()])
    }

    assert 4 == len(hashes)


@pytest.mark.parametrize(("rule", "name"), [("a-rule", "limit"), ("b-rule", "limit_fen")])
def test_unknown_name_is_a_fault_of_the_caller(rule: str, name: str) -> None:
    """A rule that asks for what no policy declares is told so, and gets no silent None."""
    policy = area()

    with pytest.raises(KeyError):
        policy.value(rule, name, START.toordinal())
    with pytest.raises(KeyError):
        policy.steps(rule, name, START.toordinal())


@given(Dates, st.lists(Dates, min_size=1, max_size=6, unique=True).map(sorted))
def test_value_agrees_with_a_plain_search(day: date, starts: list[date]) -> None:
    """On every day the value is the one of the latest first day that is not later."""
    policy = area(with_limit(*((since, since.toordinal()) for since in starts)))
    expected = max((since.toordinal() for since in starts if since <= day), default=None)

    assert expected == policy.value("a-rule", "limit_fen", day.toordinal())


def test_basis_is_the_text_of_the_day() -> None:
    """A rule's text holds from its day on; before it, there is no text."""
    policy = area()

    assert policy.basis("a-rule", START.toordinal()) == "the text"
    assert NO_LEGAL_TEXT == policy.basis("a-rule", START.toordinal() - 1)
    assert NO_LEGAL_TEXT == policy.basis(MATCHING, START.toordinal())


def test_default_is_never_law() -> None:
    """Only a value with a text of its own counts as law."""
    assert DatedValue(START, 3, "the text").is_law
    assert not DatedValue(START, 3, NO_LEGAL_TEXT).is_law


# --- areas ----------------------------------------------------------------------------------------


def test_nearer_area_replaces_from_its_day_on() -> None:
    """Before the city's first day the nation's values hold, from it on the city's alone."""
    wider = with_limit((START, 500_000), (LATER, 400_000))
    nearer = RulePolicy(
        "a-rule",
        parameters=(Parameter("limit_fen", "", "", dated((date(2023, 5, 1), 300_000))),),
    )
    merged = nearest(wider, nearer)
    policy = area(merged)

    assert policy.value("a-rule", "limit_fen", date(2023, 4, 30).toordinal()) == 500_000
    assert policy.value("a-rule", "limit_fen", date(2023, 5, 1).toordinal()) == 300_000
    assert policy.value("a-rule", "limit_fen", LATER.toordinal()) == 300_000
    assert merged.parameters[0].unit == "fen"
    assert wider.clauses == merged.clauses


def test_nearer_area_declares_nothing_new() -> None:
    """A name that no wider area declares is a broken invariant."""
    with pytest.raises(AssertionError, match="new_fen"):
        nearest(RULE, RulePolicy("a-rule", parameters=(Parameter("new_fen", "", ""),)))


def test_city_is_found_by_id_and_in_chinese_else_the_default() -> None:
    """A city's id and its Chinese spellings lead to its policy, all else to the default city's."""
    areas = {name: AreaPolicy(name, {"a-rule": RULE, MATCHING: SHARED}) for name in ("a", "b")}
    national = AreaPolicy(NATIONAL, {"a-rule": RULE, MATCHING: SHARED})
    policy = Policy({**areas, NATIONAL: national}, "a", {"乙": "b", "乙市": "b"})
    spellings = ("b", " B ", "乙", "乙市", "a", "丙", "", NATIONAL)

    assert ["b", "b", "b", "b", "a", "a", "a", NATIONAL] == [
        policy.area(city).area_id for city in spellings
    ]
    assert policy.cities() == ("a", "b")


# --- hash -----------------------------------------------------------------------------------------


def test_hash_is_sixteen_hex_digits() -> None:
    """The hash fits beside a finding; the digest is a whole SHA-256."""
    policy = area()

    assert len(policy.hash("a-rule")) == 16
    assert len(policy.digest()) == 64
    assert int(policy.hash("a-rule") + policy.digest(), 16) >= 0


def test_hash_sees_no_words() -> None:
    """Other units, descriptions, texts and orders leave hash and digest alone."""
    reworded = RulePolicy(
        "a-rule",
        (),
        tuple(
            Parameter(
                each.name,
                "x",
                "y",
                tuple(DatedValue(value.since, value.value, "z") for value in each.values),
            )
            for each in reversed(RULE.parameters)
        ),
        RULE.uses,
    )

    assert area().hash("a-rule") == area(reworded).hash("a-rule")
    assert area().digest() == area(reworded).digest()


@pytest.mark.parametrize(
    "values", [((START, 500_001),), ((LATER, 500_000),), ((START, 500_000), (LATER, 1)), ()]
)
def test_hash_sees_every_value_and_day(values: tuple[tuple[date, int], ...]) -> None:
    """Another number, another first day, one more and one less change the hash and the digest."""
    other = area(with_limit(*values))

    assert area().hash("a-rule") != other.hash("a-rule")
    assert area().digest() != other.digest()


def test_hash_sees_what_the_rule_uses() -> None:
    """A rule's hash follows the numbers of matching that it names, and no others."""
    window = msgspec.structs.replace(WINDOW, values=dated((START, 31)))
    fee = msgspec.structs.replace(FEE, values=dated((START, 1)))

    assert area().hash("a-rule") != area(RulePolicy(MATCHING, (), (window, FEE))).hash("a-rule")
    assert area().hash("a-rule") == area(RulePolicy(MATCHING, (), (WINDOW, fee))).hash("a-rule")
    assert area().digest() != area(RulePolicy(MATCHING, (), (WINDOW, fee))).digest()


def test_digest_of_all_follows_the_default_city() -> None:
    """The same numbers under another default city are another policy."""
    areas = {
        "a": AreaPolicy("a", {"a-rule": RULE, MATCHING: SHARED}),
        "b": AreaPolicy("b", {"a-rule": with_limit((START, 1)), MATCHING: SHARED}),
    }

    assert Policy(areas, "a", {}).digest() == Policy(areas, "a", {}).digest()
    assert Policy(areas, "a", {}).digest() != Policy(areas, "b", {}).digest()


def test_level_words_rise() -> None:
    """The words are in the order in which levels get worse."""
    assert LEVEL_WORDS == ("blue", "yellow", "orange", "red")


# --- who moves ------------------------------------------------------------------------------------


def two_cities() -> Policy:
    """One city with a limit of 1 and no term, one with steps of its own limit and a term of 5."""
    term = msgspec.structs.replace(TERM, values=dated((START, 5)))
    limit = msgspec.structs.replace(LIMIT, values=dated((START, 2), (LATER, 3)))
    other = msgspec.structs.replace(RULE, parameters=(limit, PERCENT, SWITCH, term, SAID))
    there = AreaPolicy("there", {rule.rule: rule for rule in (other, SHARED)})
    return Policy({"here": area(with_limit((START, 1))), "there": there}, "here", {})


def test_who_moved_is_judged_on_each_day_by_where_he_was() -> None:
    """A value, and that there is none, hold from the day of the move on; the first from ever on."""
    move, back = LATER - timedelta(10), LATER + timedelta(10)
    policy = two_cities()
    moved = policy.places(
        [
            (move.toordinal() - 100, "here"),
            (move.toordinal(), "there"),
            (back.toordinal(), "here"),
        ]
    )

    def on(name: str, *days: date) -> list[int | bool | None]:
        return [moved.value("a-rule", name, day.toordinal()) for day in days]

    one = timedelta(1)
    days = (START - one, START, move - one, move, LATER - one, LATER, back - one, back)
    assert [None, 1, 1, 2, 2, 3, 3, 1] == on("limit_fen", *days)
    assert [None, None, None, 5, 5, 5, 5, None] == on("term_days", *days)
    assert moved.steps("a-rule", "percent", move.toordinal()) is not None
    assert () == moved.words("a-rule", "said", START.toordinal() - 1)
    assert ("充值", "次卡") == moved.words("a-rule", "said", move.toordinal())
    assert moved.ever("a-rule", "term_days")
    assert not policy.area("here").ever("a-rule", "term_days")
    assert moved.hash("a-rule") == policy.area("here").hash("a-rule")


def test_days_of_the_same_values_lie_together() -> None:
    """A stretch of days ends before a value begins or a move happens, and only then."""
    moved = two_cities().places([(1, "here"), (LATER.toordinal() + 5, "there")])
    first, last = LATER.toordinal() - 3, LATER.toordinal() + 9

    assert [(first, LATER.toordinal() - 1), (LATER.toordinal(), first + 7), (first + 8, last)] == (
        moved.alike(first, last)
    )
    assert [(first, first)] == moved.alike(first, first)
    assert moved.changes(LATER.toordinal() + 4, LATER.toordinal() + 5)
    assert not moved.changes(LATER.toordinal() + 5, LATER.toordinal() + 9)


def test_who_stays_is_judged_by_the_area_itself() -> None:
    """Rows of one city are no move, and nowhere is the default city."""
    policy = two_cities()

    assert policy.places([(1, "there"), (9, "there")]) is policy.area("there")
    assert policy.places([]) is policy.area("here")
