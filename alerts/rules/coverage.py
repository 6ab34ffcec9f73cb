"""Whether the dedicated account covers what is owed in lessons (rules.md B1)."""

from typing import Final

from alerts.rules.days import Unknown
from alerts.rules.view import View, minus, number, share_of, yuan
from models.findings import Finding, LevelWord
from models.working_days import CalendarMissing

RULE: Final = "coverage-short"
ANSWERS, CLOSES = RULE + " answers", RULE + " closes"
Close = tuple[int, int, int]


Answer = tuple[LevelWord, Close, Close] | Unknown | None

BROKEN: Final = Unknown("broken-statement")


def coverage_short(view: View, _subject: str) -> list[Finding]:
    """The best coverage of the closes of the last working days is below the steps (B1)."""
    if view.number(RULE, "closes_working_days", view.as_of) is None:
        return []
    answer = _answer(view, view.as_of)
    if isinstance(answer, Unknown):
        run = f"{RULE} {answer.missing}"
        start = view.ledger.series.run_start(
            run, view.as_of, lambda day: _answer(view, day) == answer
        )
        day = view.as_of if start is None else start
        return [view.undecided(RULE, "coverage", day=day, missing=answer.missing)]
    if not isinstance(answer, tuple):
        return []

    def stands(day: int) -> bool | None:
        verdict = _answer(view, day)
        return None if verdict is BROKEN else isinstance(verdict, tuple)

    start = view.ledger.series.run_start(RULE, view.as_of, stands)
    level, best, last = answer
    assert start is not None
    registers = view.ledger.registers
    accounts = registers.designated_accounts(last[0])
    return [
        view.finding(
            RULE,
            "coverage",
            kind="warning",
            level=level,
            day=start,
            amount_fen=last[2] - last[1],
            evidence=[
                identifier
                for account in accounts
                for identifier in view.ledger.closing_ids(account, last[0])
            ],
            formula=(
                yuan("balance", last[1]),
                yuan("unearned", last[2]),
                yuan("gap", last[2] - last[1], minus(last[2], last[1])),
                number("coverage_percent", _percent(best), share_of(best[1], best[2])),
            ),
        )
    ]


def level_on(view: View, day: int) -> LevelWord | None:
    """The level of a day, None when there is none or it cannot be decided."""
    answer = _answer(view, day)
    return answer[0] if isinstance(answer, tuple) else None


def _percent(close: Close) -> str:
    hundredths = close[1] * 10_000 // close[2]
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"


def _answer(view: View, day: int) -> Answer:
    series = view.ledger.series
    if day < series.first:
        return None
    answers = series.memo(ANSWERS, day, _work_out, view)
    return answers[day - series.first]


def _work_out(view: View, day: int, _before: Answer) -> Answer:
    """The level of a day with the best and the last close; None when there is no finding."""
    closes_count = view.number(RULE, "closes_working_days", day)
    steps = view.policy.steps(RULE, "percent", day)
    if closes_count is None or steps is None:
        return None
    if not _evaluated(view, day):
        return None
    try:
        days = view.calendar.latest_ordinal(day, closes_count)
    except CalendarMissing as missing:
        return Unknown(str(missing))
    series = view.ledger.series
    closes_on = series.memo(CLOSES, day, _close, view)
    found = [closes_on[each - series.first] if each >= series.first else None for each in days]
    if None in found:
        return None
    closes = [close for close in found if isinstance(close, tuple)]
    if len(closes) < len(found):
        return next(close for close in found if isinstance(close, Unknown))
    best = closes[0]
    for close in closes[1:]:
        if close[1] * best[2] > best[1] * close[2]:
            best = close
    level: LevelWord | None = None
    for percent, word in steps:
        if best[1] * 100 < percent * best[2]:
            level = word
    return None if level is None else (level, best, closes[-1])


def _evaluated(view: View, day: int) -> bool:
    registers = view.ledger.registers
    return registers.agreement("custody", day) or not registers.agreement("reserve", day)


def _close(view: View, day: int, _before: Close | Unknown | None) -> Close | Unknown | None:
    """Day, balance and unearned at a close; None when nothing is owed or the day is exempt."""
    ledger = view.ledger
    unearned = ledger.series.unearned(day)
    if unearned == 0 or not _evaluated(view, day):
        return None
    total = 0
    for account in ledger.registers.designated_accounts(day):
        if ledger.feed.broken_on(account, day):
            return BROKEN
        balance = ledger.series.balance(account, day)
        if balance is None:
            return Unknown("balance")
        total += balance
    return (day, total, unearned)
