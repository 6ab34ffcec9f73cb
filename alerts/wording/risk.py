"""What findings about the risk of flight as a whole are called (rules.md C)."""

from alerts.wording.shape import CALM, RUN, Wording

RULES: dict[str, Wording] = {
    "runaway-risk": Wording(
        name=("退费难、卷款跑路风险", "Risk of running away"),
        reason=(
            "未消课资金 {amount} 元有风险,最主要的信号:{factors}。",
            "{amount} yuan of unearned money are at risk, by the strongest signs: {factors}.",
        ),
        fires="the sum of what every sign contributes has reached a step",
        kind="warning",
        level="blue to red by the score",
        subject="`risk`",
        amount="the unearned money",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="what its signs need; a sign that cannot be decided adds nothing",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "score": ("风险分", "score"),
    "factor:patrol-report": ("巡查发现异常", "What patrols found"),
    "outflow_of_the_window": ("统计期净流出", "net outflow of the window"),
    "balance_gone": ("照此速度余额耗尽日", "balance gone at this pace"),
    "balance_gone_after_run": ("遇集中退费时余额耗尽日", "balance gone after a run of refunds"),
}

CODES: dict[str, tuple[str, str]] = {}
