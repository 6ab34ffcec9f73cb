"""The policy files: what they say, and that every error in one names the file and the key."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from alerts.wording import RULES
from config.load import ConfigError
from config.policy_load import POLICY, load_policy
from models.policy import MATCHING, NATIONAL, Policy

DAY = date(2024, 6, 1).toordinal()

NUMBERS = """
charge-span             limit_months            3
charge-hours            limit_hours             60
charge-hours            by_mode                 0
charge-hours            minutes_in_person       45
charge-hours            minutes_online          30
charge-amount           limit_fen               500000
charge-without-contract tolerance_working_days  3
payment-outside-account red_above_fen           1000000
several-accounts        window_days             90
several-accounts        changes_limit           2
coverage-short          closes_working_days     3
outflow-large           minimum_fen             100000
outflow-large           window_days             7
refund-late             term_before_start_days  None
refund-late             term_after_start_days   None
matching                window_days             30
matching                charge_window_days      30
matching                settlement_after_days   1
matching                settlement_window_days  15
matching                settlement_working_days 3
matching                fee_limit_fen           50000
"""

STEPS = """
release-ahead   points        0   5  10  20
coverage-short  percent     100  95  80  50
outflow-large   day_percent   5  10  20  40
outflow-large   week_percent 10  20  30  60
refund-late     working_days  3   5  10  15
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy as it is delivered."""
    return load_policy()


# --- what is delivered ----------------------------------------------------------------------------


def test_every_rule_has_its_file(policy: Policy) -> None:
    """Every rule that has words, and the numbers of matching, are declared in every area."""
    for city in (NATIONAL, *policy.cities()):
        assert set(policy.area(city).rules) == {*RULES, MATCHING}


@pytest.mark.parametrize("line", NUMBERS.strip().splitlines())
def test_number_of_the_default_city(policy: Policy, line: str) -> None:
    """Each number is the one of the catalogue."""
    rule, name, expected = line.split()

    assert expected == str(policy.area("nanchang").value(rule, name, DAY))


@pytest.mark.parametrize("line", STEPS.strip().splitlines())
def test_steps_of_the_default_city(policy: Policy, line: str) -> None:
    """Each level's number is the one of the catalogue, blue to red."""
    rule, name, *expected = line.split()
    steps = policy.area("nanchang").steps(rule, name, DAY)

    assert steps is not None
    assert expected == [str(number) for number, _ in steps]
    assert [word for _, word in steps] == ["blue", "yellow", "orange", "red"]


def test_limit_of_the_amount_begins_on_its_day(policy: Policy) -> None:
    """The 5,000 yuan hold from 29 December 2022, not from the day before."""
    area = policy.area("nanchang")

    first = date(2022, 12, 29).toordinal()
    assert area.value("charge-amount", "limit_fen", first - 1) is None
    assert area.value("charge-amount", "limit_fen", first) == 500_000


@pytest.mark.parametrize("city", ["北京", "北京市", "beijing", "chengdu", "成都市"])
def test_refund_terms_hold_where_a_city_sets_them(policy: Policy, city: str) -> None:
    """Beijing and Chengdu give 5 days before the course's start and 15 after."""
    area = policy.area(city)

    assert area.value("refund-late", "term_before_start_days", DAY) == 5
    assert area.value("refund-late", "term_after_start_days", DAY) == 15


def test_text_of_a_city_stands_in_that_city_alone(policy: Policy) -> None:
    """A Nanchang clause is quoted in Nanchang; Nanjing has its province's; neither the other's."""
    rule = "charge-while-barred"

    assert policy.area("南昌市").basis(rule, DAY).startswith("Nanchang plan II.2: 未建立资金监管")
    assert policy.area("beijing").basis(rule, DAY) == "project default, no legal text"
    assert policy.area("nanjing").basis("coverage-short", DAY).startswith("Jiangsu: ")
    assert policy.area("nanchang").basis("coverage-short", DAY) == "project default, no legal text"


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("南昌", (False, None, None)),
        ("北京", (True, 5, 15)),
        ("南京", (True, None, None)),
        ("苏州市", (True, None, None)),
        ("泰州", (True, None, None)),
        ("台州", (True, None, None)),
        ("杭州", (True, None, None)),
        ("成都", (False, 5, 15)),
    ],
)
def test_profiles_of_cities_differ(
    policy: Policy, city: str, expected: tuple[bool, int | None, int | None]
) -> None:
    """Hours per subject in Beijing, Jiangsu, Zhejiang; terms of refunds in Beijing and Chengdu."""
    area = policy.area(city)

    assert expected == (
        area.value("charge-hours", "per_subject", DAY),
        area.value("refund-late", "term_before_start_days", DAY),
        area.value("refund-late", "term_after_start_days", DAY),
    )


def test_value_tells_in_which_file_it_is_written(policy: Policy) -> None:
    """Beneath a province's number stand its city's others, each with its own place."""
    rules = policy.area("苏州").rules
    percent, closes = rules["coverage-short"].parameters[:2]

    assert ["province/jiangsu"] == [value.area for value in percent.values[-1:]]
    assert [NATIONAL] == [value.area for value in closes.values]
    assert ["province/jiangsu"] == [clause.area for clause in rules["coverage-short"].clauses]


def test_unknown_city_is_judged_by_the_default_city(policy: Policy) -> None:
    """A city without values of its own gets the default city's area."""
    assert policy.area("南极").area_id == "nanchang"
    assert load_policy(default_city="beijing").area("").area_id == "beijing"


def test_units_stand_at_the_end_of_names(policy: Policy) -> None:
    """A number of fen, days or minutes says so in its name."""
    for rule in policy.area(NATIONAL).rules.values():
        for each in rule.parameters:
            if each.unit in {"fen", "days", "months", "working_days"}:
                assert each.name.endswith(each.unit), (rule.rule, each.name)


# --- errors ---------------------------------------------------------------------------------------

AREAS = "nanchang: {name: 南昌, province: jiangxi}\nbeijing: {name: 北京}\n"
MATCHING_FILE = """
rule: matching
parameters:
  window_days:
    unit: days
    description: both ways
    values: [{since: 2000-01-01, value: 30, basis: b}]
"""
RULE_FILE = """
rule: a-rule
uses: [matching.window_days]
clauses: [{since: 2021-01-01, basis: t}]
parameters:
  limit_fen:
    unit: fen
    description: the most
    values:
      - {since: 2021-01-01, value: 5, basis: b}
      - {since: 2022-01-01, value: 6, basis: b}
  percent:
    unit: percent
    description: below
    values: [{since: 2021-01-01, value: {blue: 9, yellow: 8, orange: 7, red: 6}, basis: b}]
  by_mode:
    unit: switch
    description: whether
    values: [{since: 2021-01-01, value: false, basis: b}]
  said:
    unit: words
    description: looked for
    values: [{since: 2021-01-01, value: [充值, 次卡], basis: b}]
"""
CITY_FILE = """
rule: a-rule
parameters:
  limit_fen:
    values: [{since: 2023-01-01, value: 4, basis: b}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small policy that can be loaded."""
    for path, text in {
        "areas.yaml": AREAS,
        "national/matching.yaml": MATCHING_FILE,
        "national/a-rule.yaml": RULE_FILE,
        "province/jiangxi/a-rule.yaml": CITY_FILE.replace("value: 4", "value: 3"),
        "city/beijing/a-rule.yaml": CITY_FILE,
    }.items():
        write(tmp_path / path, text)
    return tmp_path


def write(path: Path, text: str) -> None:
    """Write a file into folders that may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_province_stands_between_nation_and_city(folder: Path) -> None:
    """Nanchang has its province's value, Beijing its own; a city's goes before its province's."""
    assert load_policy(folder).area("nanchang").value("a-rule", "limit_fen", DAY) == 3
    assert load_policy(folder).area("beijing").value("a-rule", "limit_fen", DAY) == 4

    write(folder / "city/nanchang/a-rule.yaml", CITY_FILE.replace("value: 4", "value: 2"))
    assert load_policy(folder).area("nanchang").value("a-rule", "limit_fen", DAY) == 2


def test_words_are_a_value(folder: Path) -> None:
    """A list of texts is read as words, and a city may have others."""
    write(
        folder / CITY,
        CITY_FILE + "  said:\n    values: [{since: 2023-01-01, value: [代存], basis: b}]\n",
    )
    policy = load_policy(folder)

    assert policy.area("nanchang").words("a-rule", "said", DAY) == ("充值", "次卡")
    assert policy.area("beijing").words("a-rule", "said", DAY) == ("代存",)


NATION = "national/a-rule.yaml"
CITY = "city/beijing/a-rule.yaml"
LIMIT = "parameters.limit_fen.values"
PERCENT = "parameters.percent.values.0.value"

FAULTS = [
    ("key twice", NATION, "rule: a-rule", "rule: a-rule\nrule: a-rule", "'rule' was already given"),
    ("no basis", NATION, "value: 5, basis: b", "value: 5", f"{LIMIT}.0.basis: Field required"),
    ("empty basis", NATION, "5, basis: b", "5, basis: ' '", f"{LIMIT}.0.basis: "),
    ("no basis of a clause", NATION, ", basis: t", "", "clauses.0.basis: Field required"),
    ("no since", NATION, "since: 2022-01-01, ", "", f"{LIMIT}.1.since: Field required"),
    ("since is a text", NATION, "2022-01-01", "'2022-01-01'", f"{LIMIT}.1.since: "),
    ("since is a moment", NATION, "2022-01-01", "2022-01-01 10:00:00", f"{LIMIT}.1.since: "),
    ("no such date", NATION, "2022-01-01", "2022-02-30", "'2022-02-30' is no date"),
    ("same day twice", NATION, "2022-01-01", "2021-01-01", f"{LIMIT}: since 2021-01-01 does not"),
    ("days fall", NATION, "2022-01-01", "2020-01-01", f"{LIMIT}: since 2020-01-01 does not come"),
    ("clauses fall", NATION, "basis: t}", "basis: t}, {since: 2020-01-01, basis: t}", "clauses: "),
    ("a ratio", NATION, "value: 5", "value: 5.5", f"{LIMIT}.0.value: "),
    ("below zero", NATION, "value: 5", "value: -5", f"{LIMIT}.0.value: "),
    ("a text", NATION, "value: 5", "value: five", "'five' is no whole number"),
    ("a number for a switch", NATION, "value: false", "value: 0", "0 does not fit the unit switch"),
    ("a switch for a number", NATION, "value: 5", "value: true", "True does not fit the unit fen"),
    ("words for a number", NATION, "value: 5", "value: [五]", "('五',) does not fit the unit fen"),
    ("a number for words", NATION, "[充值, 次卡]", "7", "7 does not fit the unit words"),
    ("no words", NATION, "[充值, 次卡]", "[]", "[] is no list of words"),
    ("no word", NATION, "[充值, 次卡]", "[充值, ' ']", "is no list of words"),
    ("a number among words", NATION, "[充值, 次卡]", "[充值, 5]", "is no list of words"),
    ("a word twice", NATION, "[充值, 次卡]", "[充值, 充值]", "has a word twice"),
    ("a level missing", NATION, ", red: 6}", "}", f"{PERCENT}: exactly blue, yellow, orange, red"),
    ("a level unknown", NATION, "red: 6", "pink: 6", f"{PERCENT}: exactly blue, yellow, orange"),
    ("a switch in steps", NATION, "red: 6", "red: true", f"{PERCENT}: "),
    ("steps not monotone", NATION, "orange: 7", "orange: 8", f"{PERCENT}: the steps must rise"),
    ("steps and number", NATION, "value: 6", "value: {blue: 1, yellow: 2, orange: 3, red: 4}",
     f"{LIMIT}.1.value: the steps run the other way, or are steps beside"),
    ("unit unknown", NATION, "unit: fen", "unit: yuan", "parameters.limit_fen.unit: 'yuan' is"),
    ("no unit", NATION, "    unit: fen\n", "", "parameters.limit_fen.unit: Field required"),
    ("no description", NATION, "    description: below\n", "", "parameters.percent.description: "),
    ("key unknown", NATION, "clauses:", "clause:", "clause: Extra inputs are not permitted"),
    ("another rule's name", NATION, "rule: a-rule", "rule: b-rule", "rule: 'b-rule' must be the"),
    ("use unknown", NATION, "window_days]", "window]", "uses: nobody declares matching.window"),
    ("override unknown", CITY, "limit_fen", "limit", "parameters.limit: national/ does not"),
    ("override empty", CITY, "[{since: 2023-01-01, value: 4, basis: b}]", "[]", f"{LIMIT}: "),
    ("override without basis", CITY, ", basis: b", "", f"{LIMIT}.0.basis: Field required"),
    ("override of another kind", CITY, "value: 4", "value: false", f"{LIMIT}.0.value: False does"),
    ("override turns the steps", CITY, "limit_fen:\n    values: [{since: 2023-01-01, value: 4",
     "percent:\n    values: [{since: 2023-01-01, value: {blue: 1, yellow: 2, orange: 3, red: 4}",
     f"{PERCENT}: the steps run the other way"),
    ("override's name", CITY, "rule: a-rule", "rule: b-rule", "rule: 'b-rule' must be the file's"),
    ("override with a unit", CITY, "    values", "    unit: fen\n    values", "unit: Extra"),
    ("a gap", NATION, "clauses: [{since: 2021-01-01", "clauses: [{since: 2020-06-01",
     f"{LIMIT}: a gap: the clause holds since 2020-06-01, the value 2021-01-01"),
    ("a clause of no text", NATION, "basis: t}", "basis: Project default}", "clauses.0.basis: a c"),
    ("half a default", NATION, "5, basis: b", "5, basis: project default", f"{LIMIT}.0.basis: wri"),
    ("two cities of one name", "areas.yaml", "{name: 北京}", "{name: 南昌}", "nanchang.name: 南"),
    ("default city gone", "areas.yaml", "nanchang", "nanjing", "nanchang: the default city is mis"),
    ("city without a name", "areas.yaml", "{name: 北京}", "{}", "beijing.name: Field required"),
    ("no list", "areas.yaml", AREAS, "[]", "the file: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [fault[1:] for fault in FAULTS],
    ids=[fault[0] for fault in FAULTS],
)
def test_fault_names_file_and_key(
    folder: Path, path: str, old: str, new: str, expected: str
) -> None:
    """A fault in a file stops the loading, and the message says where and what."""
    text = (folder / path).read_text(encoding="utf-8")
    assert old in text
    write(folder / path, text.replace(old, new, 1))

    with pytest.raises(ConfigError) as caught:
        load_policy(folder)

    assert str(folder / path) in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("city/atlantis/a-rule.yaml", CITY_FILE, "city/atlantis: areas.yaml names no such city"),
        ("province/x/a-rule.yaml", CITY_FILE, "province/x: areas.yaml names no such province"),
        ("village/x/a-rule.yaml", CITY_FILE, "village: only "),
        ("city/beijing/b-rule.yaml", "rule: b-rule", "b-rule.yaml: rule: b-rule has no file in"),
        ("city/beijing/a-rule.yml", CITY_FILE, "a-rule.yml: only files <id>.yaml belong here"),
        ("city/loose.yaml", CITY_FILE, "city/loose.yaml: areas.yaml names no such city"),
    ],
)
def test_file_in_a_wrong_place_is_refused(
    folder: Path, path: str, text: str, expected: str
) -> None:
    """An area that areas.yaml does not name, a rule that nobody declares, another ending."""
    write(folder / path, text)

    with pytest.raises(ConfigError) as caught:
        load_policy(folder)

    assert expected in str(caught.value)


def test_matching_and_national_are_needed(folder: Path) -> None:
    """Without the numbers of matching, or without the folder, nothing is loaded."""
    (folder / "national/a-rule.yaml").unlink()
    (folder / "national/matching.yaml").unlink()
    with pytest.raises(ConfigError, match=r"matching\.yaml: the file is missing"):
        load_policy(folder)

    (folder / "national").rmdir()
    with pytest.raises(ConfigError, match="the folder cannot be read"):
        load_policy(folder)


def test_every_file_can_be_read_as_plain_yaml() -> None:
    """The delivered files use nothing beyond plain YAML and keep to a hundred columns."""
    for path in sorted(POLICY.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")

        assert isinstance(yaml.safe_load(text), dict)
        assert max(map(len, text.splitlines())) <= 100, path


# --- every fault at once --------------------------------------------------------------------------


def test_every_fault_of_every_file_is_told(folder: Path) -> None:
    """One line a fault: several in one file, and those of other files, in one go."""
    write(folder / NATION, RULE_FILE.replace("2022-", "2021-").replace(", red: 6", ""))
    write(folder / "city/nanchang/matching.yaml", "rule: matching\nrule: matching\n")
    write(folder / "province/jiangxi/a-rule.yaml", CITY_FILE.replace("limit_fen", "limit"))
    write(folder / "city/beijing/a-rule.yaml", CITY_FILE.replace("value: 4, basis: b", "valu: 4"))

    with pytest.raises(ConfigError) as caught:
        load_policy(folder)

    expected = [
        f"national/a-rule.yaml: {LIMIT}: since",
        f"national/a-rule.yaml: {PERCENT}: exactly",
        "province/jiangxi/a-rule.yaml: parameters.limit: national/",
        "city/nanchang/matching.yaml, line 2: key",
        f"city/beijing/a-rule.yaml: {LIMIT}.0.basis: Field",
        f"city/beijing/a-rule.yaml: {LIMIT}.0.value: Field",
        f"city/beijing/a-rule.yaml: {LIMIT}.0.valu: Extra",
    ]
    lines = str(caught.value).splitlines()
    assert len(expected) == len(lines)
    for start, line in zip(expected, lines, strict=True):
        assert line.startswith(f"{folder}/{start}"), line


def test_rules_that_nobody_judges_are_refused(folder: Path) -> None:
    """A file of a rule that does not exist, and a rule without a file, are both named."""
    with pytest.raises(ConfigError) as caught:
        load_policy(folder, rules=["b-rule", MATCHING])

    assert [
        f"{folder}/national/b-rule.yaml: the file is missing",
        f"{folder}/national/a-rule.yaml: rule: no rule has this id",
    ] == str(caught.value).splitlines()


# --- single contracts -----------------------------------------------------------------------------

CONTRACT = "contract/P-1.yaml"
CONTRACT_FILE = """
institution: P-1
contracts:
  HT/7:
    a-rule:
      clauses: [{since: 2023-01-01, basis: the bureau's approval 17}]
      parameters:
        limit_fen:
          values: [{since: 2023-01-01, value: 9, basis: the bureau's approval 17}]
"""


def test_contract_goes_before_its_city(folder: Path) -> None:
    """A contract with values of its own is judged by them; its hash is another; others are not."""
    write(folder / NATION, "per_contract: true" + RULE_FILE)
    plain = load_policy(folder)
    write(folder / CONTRACT, CONTRACT_FILE)
    policy = load_policy(folder)
    city = policy.area("beijing")
    own = policy.contract(city, "P-1", "HT/7")

    assert (4, 9) == (city.value("a-rule", "limit_fen", DAY), own.value("a-rule", "limit_fen", DAY))
    assert own.hash("a-rule") != city.hash("a-rule") == plain.area("beijing").hash("a-rule")
    assert own.hash("matching") == city.hash("matching")
    assert own.basis("a-rule", DAY) == "the bureau's approval 17"
    assert plain.digest() != policy.digest()
    for institution, number in (("P-2", "HT/7"), ("P-1", "HT/8")):
        assert policy.contract(city, institution, number) is city


def test_finding_tells_whose_values_judged_it(folder: Path) -> None:
    """From the subject of a finding follows whether its contract has values of its own."""
    write(folder / NATION, "per_contract: true" + RULE_FILE)
    write(folder / CONTRACT, CONTRACT_FILE)
    policy = load_policy(folder)
    own = ("contract:HT/7", "contract:HT/7/2024-01-01", "a-rule/contract:HT/7/2024-01-01")
    other = ("contract:HT/70", "contract:HT", "account:HT/7", "batch", "")

    hashes = [policy.judging("beijing", "P-1", each).hash("a-rule") for each in (*own, *other)]
    assert [True] * 3 + [False] * 5 == [
        each != policy.area("beijing").hash("a-rule") for each in hashes
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("P-1", "P-2", "institution: 'P-2' must be the file's name"),
        ("a-rule", "b-rule", "contracts.HT/7.b-rule: b-rule has no file in national/"),
        ("a-rule", "matching", "contracts.HT/7.matching: matching cannot differ by contract"),
        ("limit_fen", "limit", "contracts.HT/7.a-rule.parameters.limit: national/ does not"),
        ("value: 9", "value: true", "contracts.HT/7.a-rule.parameters.limit_fen.values.0.value: T"),
        (", basis: the bureau's approval 17}]\n      p", "}]\n      p", "clauses.0.basis: F"),
        ("9, basis: the bureau's approval 17", "9, basis: 'project default, no legal text'",
         "limit_fen needs the ground of the exception"),
    ],
)  # fmt: skip
def test_fault_of_a_contract_is_named(folder: Path, old: str, new: str, expected: str) -> None:
    """What a contract may not have of its own is refused with file and key."""
    write(folder / NATION, "per_contract: true" + RULE_FILE)
    assert old in CONTRACT_FILE
    write(folder / CONTRACT, CONTRACT_FILE.replace(old, new, 1))

    with pytest.raises(ConfigError) as caught:
        load_policy(folder)

    assert str(folder / CONTRACT) in str(caught.value)
    assert expected in str(caught.value)
