"""Values as pages write them: days with weekday, yuan, subjects in words, levels, links."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from urllib.parse import quote, unquote, urlencode

from alerts.inbox.field_words import field_word
from alerts.inbox.masking import ACCOUNT_FIELDS, NAME_FIELDS, Masker
from alerts.inbox.words import Language, known, weekday, word
from alerts.texts import rule_name
from models import facts as f
from models.findings import CANNOT_DECIDE, Finding
from models.identity import account_of_nobody, mask_account
from models.money import format_hundredths, format_yuan
from models.policy import Value

SHAPES = {"red": "◆", "orange": "▲", "yellow": "●", "blue": "■"}
"""A shape a level, so that no level is told by its colour alone."""

_CHINA = timezone(timedelta(hours=8))  # one zone, no summer time
_UNKNOWN_YEAR = "1970-"  # what a source that states no time is given

_SUBJECTS = {
    "contract": ("合同", "Contract"),
    "entry": ("流水", "Entry"),
    "entries": ("待配对流水", "Entries to pair"),
    "account": ("账户", "Account"),
    "refund": ("退费申请", "Refund request"),
    "statement": ("对账单", "Statement"),
    "day": ("当日支出", "Outflow of"),
    "accounts": ("专用账户", "Dedicated accounts"),
    "coverage": ("资金覆盖", "Coverage"),
    "batch": ("批量划拨", "Release in a batch"),
    "balance": ("余额", "Balance"),
    "risk": ("整体风险", "Overall risk"),
    "teaching": ("授课", "Teaching"),
    "presale": ("集中预售", "Presale"),
    "inflow": ("收费", "Inflow"),
    "refunds": ("退费申请量", "Refund requests"),
    "complaints": ("投诉", "Complaints"),
    "owner": ("举办者与账户", "Owner and account"),
    "reserve": ("风险保证金", "Reserve"),
    "small-debits": ("小额支出", "Small debits"),
    "month": ("月份", "Month"),
    "cash": ("现金", "Cash"),
    "bill": ("商户账单", "Merchant bill"),
    "settlement": ("商户结算入账", "Settlements to"),
}
_BY_ACCOUNT = {"account", "entry", "entries", "statement", "balance", "settlement"}
"""The kinds of subject that begin with an account number."""
_ENTRIES_FEN = 3


@dataclass(frozen=True)
class Lister:
    """The language of a page and how its links are written."""

    language: Language
    default: Language

    def t(self, key: str, *values: object) -> str:
        """A word of the pages."""
        return word(key, self.language, *values)

    def known(self, key: str) -> str:
        """The word for a value, or the value."""
        return known(key, self.language)

    def link(self, path: str, **query: object) -> str:
        """A path of ours with its query, empty values left out, the language kept."""
        given = {name: str(value) for name, value in query.items() if value not in {"", None}}
        if self.language != self.default:
            given["lang"] = self.language
        return quote(path, safe="/~:%") + ("?" + urlencode(given) if given else "")

    def day(self, day: date | str | None) -> str:
        """A day as ISO with its weekday."""
        if not day:
            return "—"
        value = date.fromisoformat(day) if isinstance(day, str) else day
        return f"{value.isoformat()} {weekday(value.weekday(), self.language)}"

    def yuan(self, amount_fen: int | None) -> str:
        """Fen as yuan with separators, a dash where there is no amount."""
        return "—" if amount_fen is None else format_yuan(amount_fen)

    def moment(self, text: str) -> str:
        """A moment of UTC as the clock in China shows it, to the minute; a dash for none."""
        if not text or text.startswith(_UNKNOWN_YEAR):
            return "—"
        moment = datetime.fromisoformat(text).astimezone(_CHINA)
        return moment.strftime("%Y-%m-%d %H:%M")

    def shape(self, level: str) -> str:
        """The shape of a level."""
        return SHAPES[level]

    def rule(self, found: Finding) -> str:
        """What the finding's rule is called; of cannot-decide also which rule could not."""
        name = rule_name(found.rule, self.language)
        if found.rule != CANNOT_DECIDE:
            return name
        about = rule_name(found.subject.partition("/")[0], self.language)
        return f"{name}：{about}" if self.language == "zh" else f"{name}: {about}"

    def number(self, value: Value, unit: str) -> str:
        """A value of the policy: a switch as yes or no, money as yuan, steps by level, words."""
        if isinstance(value, bool):
            return self.t("yes" if value else "no")
        if isinstance(value, int):
            return format_yuan(value) if unit == "fen" else str(value)
        if isinstance(value, tuple):
            return "、".join(value)
        return " · ".join(
            f"{self.t(level)} {self.number(each, unit)}" for level, each in value.items()
        )

    def is_nobody(self, identifier: str) -> bool:
        """Whether this stands for an account that nobody registered: it has no page."""
        return account_of_nobody(identifier) is not None

    def institution(self, name: str | None, identifier: str) -> str:
        """An institution by its name, or its number; what stands for nobody by the account."""
        account = account_of_nobody(identifier)
        if account is not None:
            return self.t("unregistered-account", mask_account(account))
        return name or identifier

    def subject(self, rule: str, subject: str) -> str:
        """The subject of a finding in words, account numbers masked."""
        return subject_words(rule, subject, self.language)


def subject_words(rule: str, subject: str, language: Language) -> str:
    """`contract:HT-1/2024-03-01` as "合同 HT-1 · 2024-03-01", account numbers masked."""
    if rule == CANNOT_DECIDE:
        about, _, subject = subject.partition("/")
        if not subject:
            return about
    kind, _, rest = subject.partition(":")
    if kind not in _SUBJECTS:
        return subject
    parts = [unquote(part) for part in rest.split("/") if part]
    if kind in _BY_ACCOUNT and parts:
        parts[0] = mask_account(parts[0])
    if kind == "entries" and len(parts) > _ENTRIES_FEN:
        parts[_ENTRIES_FEN] = format_yuan(int(parts[_ENTRIES_FEN]))
    name = _SUBJECTS[kind][0 if language == "zh" else 1]
    return " ".join(filter(None, (name, " · ".join(parts))))


def accounts_in(rule: str, subject: str) -> list[str]:
    """The account number that a subject names, if it names one."""
    if rule == CANNOT_DECIDE:
        subject = subject.partition("/")[2]
    kind, _, rest = subject.partition(":")
    named = unquote(rest.partition("/")[0])
    return [named] if kind in _BY_ACCOUNT and named else []


def fields(fact: f.Fact, masker: Masker, language: Language) -> list[tuple[str, str]]:
    """What a fact states, field by field, masked; fields left at their default are left out."""
    return [
        (field_word(name, language), _plain_value(name, value, masker, language))
        for name, value in _stated(fact)
    ]


def summary(fact: f.Fact, masker: Masker, language: Language) -> str:
    """A fact in one line, without what only its id needs."""
    texts = [
        _in_line(name, _plain_value(name, value, masker, language), language)
        for name, value in _stated(fact)
        if name not in _IN_ID
    ]
    return " · ".join(texts)


def differences(
    before: f.Fact, after: f.Fact, fields_named: list[str], masker: Masker, language: Language
) -> list[tuple[str, str, str]]:
    """These fields in words with what they said before and say after, masked; "—" for nothing."""

    def shown(fact: f.Fact, name: str) -> str:
        value = getattr(fact, name)
        return _plain_value(name, value, masker, language) if value not in {"", None} else "—"

    return [
        (field_word(name, language), shown(before, name), shown(after, name))
        for name in fields_named
    ]


_IN_ID = {"account", "institution", "serial"}
# Values that say by themselves what they are; all others are shown with their field's name.
_SELF_EVIDENT = {
    *("booking_date", "day", "direction", "counterparty_name", "remittance", "number", "name"),
    *("what", "purpose", "bank", "mode", "student", "about"),
}
# Fields whose values are words of ours, not texts of others.
_WORDED = {"purpose", "mode", "what", "confirmed", "licence"}
# Fields whose values are codes: what each means is a word of its own.
_CODED = {
    "direction": {"C": "credit", "D": "debit"},
    "level": {"national": "told-national", "city": "told-city", "county": "told-county"},
}
_NO_DEFAULT = object()


def _stated(fact: f.Fact) -> list[tuple[str, object]]:
    given = fact.__struct_defaults__
    missing = len(fact.__struct_fields__) - len(given)
    defaults = (*([_NO_DEFAULT] * missing), *given)
    named = zip(fact.__struct_fields__, defaults, strict=True)
    return [
        (name, getattr(fact, name)) for name, default in named if getattr(fact, name) != default
    ]


def _in_line(name: str, text: str, language: Language) -> str:
    return text if name in _SELF_EVIDENT else f"{field_word(name, language)} {text}"


def _plain_value(name: str, value: object, masker: Masker, language: Language) -> str:
    if name in ACCOUNT_FIELDS:
        return mask_account(str(value))
    if name in NAME_FIELDS:
        return masker.name(str(value))
    if name in _CODED:
        return word(_CODED[name][str(value)], language)
    if isinstance(value, tuple):
        return _plain_list(name, value, masker)
    if isinstance(value, bool):
        return word("yes" if value else "no", language)
    if isinstance(value, int):
        if name.endswith("_fen"):
            return format_yuan(value)
        return format_hundredths(value) if name.endswith("_hundredths") else str(value)
    return known(str(value), language) if name in _WORDED else masker.text(str(value))


def _plain_list(name: str, values: tuple[object, ...], masker: Masker) -> str:
    if name == "payers":
        return ", ".join(masker.name(str(each)) for each in values)
    return ", ".join(_plain_part(each) for each in values)


def _plain_part(part: object) -> str:
    match part:
        case f.Instalment(amount_fen=amount, due=due, begins=begins):
            day = due or begins
            return format_yuan(amount) + (f" ({day.isoformat()})" if day else "")
        case f.Stage(taught_percent=taught, released_percent=released):
            return f"{taught} % → {released} %"
    return str(part)
