"""What findings about teaching, cash flow and the people behind are called (rules.md C)."""

from alerts.wording.shape import (
    RUN,
    Wording,
)

CALM = "until calm for `calm_days`"

RULES: dict[str, Wording] = {
    "teaching-stopped": Wording(
        name=("停止授课", "Teaching stopped"),
        reason=(
            "连续多个授课日没有上课,尚有 {amount} 元未消课。",
            "Teaching days pass without a lesson while {amount} yuan are unearned.",
        ),
        fires="so many teaching days in a row pass without a lesson while a contract that has begun"
        " is owed lessons. Teaching days are the weekdays of the institution's own habit, without"
        " a habit every day; no public holiday; no vacation unless the institution teaches in it;"
        " where every contract is academic no weekend and no vacation",
        kind="warning",
        level="blue to red by teaching days",
        subject="`teaching`",
        amount="unearned",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="the first day of lessons of contracts, while no lesson was ever held; the calendar",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "last_lesson": ("最近一次上课", "last lesson"),
    "missed_teaching_days": ("未上课的授课日数", "teaching days without a lesson"),
}

CODES: dict[str, tuple[str, str]] = {}
