"""What findings about teaching, cash flow and the people behind are called (rules.md C)."""

from alerts.wording.shape import CALM, NOTHING, RUN, WHILE, Wording

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
        needs="any lesson ever, once a course has begun; the calendar",
    ),
    "presale-surge": Wording(
        name=("集中促销预收", "Surge of presales"),
        reason=(
            "近期收费 {amount} 元,达到同期水平的数倍,而授课减少。",
            "{amount} yuan came in, a multiple of what the season lets expect, while lessons fall.",
        ),
        fires="the inflow of the window is a multiple of the highest of the same weeks of the year"
        " before, else of the institution's own mean, while lessons fall. Days off do not count;"
        " judged by the last day through which every dedicated account has reported",
        kind="warning",
        level="blue to red by that multiple",
        subject="`presale`",
        amount="the inflow of the window",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="the calendar",
    ),
    "inflow-collapse": Wording(
        name=("收入骤降", "Collapse of inflow"),
        reason=(
            "近期收费仅 {amount} 元,远低于同期水平,尚有未消课资金。",
            "Only {amount} yuan came in, far below the season, while money is unearned.",
        ),
        fires="the inflow of the window falls to a share of the lowest of the same weeks of the"
        " year before, else of the institution's own mean, while money is unearned. Days off do not"
        " count; judged by the last day through which every dedicated account has reported",
        kind="warning",
        level="blue to red by that share",
        subject="`inflow`",
        amount="the inflow of the window",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="the calendar",
    ),
    "complaint-surge": Wording(
        name=("投诉激增", "Surge of complaints"),
        reason=(
            "近期投诉占在读学员的比例过高。",
            "The complaints of the last weeks are many for so many pupils.",
        ),
        fires="complaints of the window, at least so many, reach a number for each hundred pupils"
        " (contracts that run on the day)",
        kind="warning",
        level="blue to red by that number",
        subject="`complaints`",
        amount="none",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs=NOTHING,
    ),
    "owner-changed": Wording(
        name=("举办者或账户变更", "Change of owner, capital or account"),
        reason=(
            "尚有未消课资金 {amount} 元时,法定代表人、注册资本或专用账户发生变更。",
            "Owner, capital or dedicated account changed while {amount} yuan were unearned.",
        ),
        fires="the legal representative, the capital or the dedicated account changed in the window"
        " while money was unearned; one level up if another sign of flight stood within the window"
        " before or after the change",
        kind="warning",
        level="yellow; orange near another sign",
        subject="`owner`",
        amount="the unearned money",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs=NOTHING,
    ),
    "payroll-missed": Wording(
        name=("逾期未发工资", "Wages did not come"),
        reason=(
            "每月支付的工资(最近一次 {amount} 元)逾期未付,尚有未消课资金。",
            "Monthly wages, {amount} yuan at last, are overdue while money is unearned.",
        ),
        fires="a debit of wages that came in so many months about the same day did not come so many"
        " days after the day that is due (the working day after it), while money is unearned and"
        " the licence is not void; judged by the last day through which the account that paid last"
        " has reported; what was due when days are hidden, because no statement tells of them and"
        " the balances do not join, cannot be decided, and the next is waited for. A habit"
        " that no month interrupts is needed first: of whom none is seen, because wages are"
        " paid from an account without feed or by debits that tell nothing, this rule says nothing,"
        " neither good nor bad",
        kind="warning",
        level="blue to red by days late",
        subject="`payroll`",
        amount="what was paid last",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="counterparty name, account or remittance of the debits since; statements without"
        " gaps; the calendar",
    ),
    "rent-missed": Wording(
        name=("逾期未付房租", "Rent did not come"),
        reason=(
            "每月支付的房租(最近一次 {amount} 元)逾期未付,尚有未消课资金。",
            "Monthly rent, {amount} yuan at last, is overdue while money is unearned.",
        ),
        fires="as payroll-missed, of debits of rent; rent that is paid by the quarter or the year"
        " is no habit of months, and is not judged",
        kind="warning",
        level="blue to red by days late",
        subject="`rent`",
        amount="what was paid last",
        day=RUN,
        stands=CALM,
        evaluated="at close",
        needs="counterparty name, account or remittance of the debits since; statements without"
        " gaps; the calendar",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "complaints": ("投诉件数", "complaints"),
    "pupils": ("在读合同数", "running contracts"),
    "legal_representative_changed": ("法定代表人变更日", "legal representative changed"),
    "capital_changed": ("注册资本变更日", "capital changed"),
    "account_changed": ("专用账户变更日", "dedicated account changed"),
    "sign_beside": ("相近日期的其他信号", "other sign near it"),
    "last_lesson": ("最近一次上课", "last lesson"),
    "judged_through": ("统计截止日", "judged through"),
    "inflow": ("统计期收费", "inflow of the window"),
    "inflow_days": ("统计期天数(不含假期)", "days of the window that are not off"),
    "expected_inflow": ("同期应有收费", "inflow that the season lets expect"),
    "debits_counted": ("据以判断的付款日数", "days of payment it is judged by"),
    "last_debit": ("最近一次付款日", "paid last on"),
    "last_debit_amount": ("最近一次付款金额", "paid last"),
    "due_on": ("应付日", "due on"),
    "late_days": ("逾期天数", "days late"),
    "missed_teaching_days": ("未上课的授课日数", "teaching days without a lesson"),
}

CODES: dict[str, tuple[str, str]] = {
    "lessons": ("授课记录", "any lesson"),
}
