"""What findings about accounts, releases, cover and outflow are called (rules.md B)."""

from alerts.wording.shape import (
    FOR_GOOD,
    NOTHING,
    RUN,
    WHILE,
    Wording,
)

RULES: dict[str, Wording] = {
    "payment-outside-account": Wording(
        name=("专用账户外收费", "Payment outside the dedicated account"),
        reason=(
            "学费 {amount} 元进入了当日并非专用账户的账户。",
            "Tuition of {amount} yuan went into an account that was not the dedicated one then.",
        ),
        reasons={
            "suspicion": (
                "据投诉或合同所载收款账户,学费 {amount} 元可能进入专用账户之外的账户。",
                "A complaint or contract points to {amount} yuan outside the dedicated account.",
            )
        },
        fires="tuition goes into an account that is not designated on that day; suspicion when"
        " only a complaint or a contract's payee account says so",
        kind="breach; suspicion",
        level="orange, red above the sum; yellow",
        subject="`account:<no>`",
        amount="sum into it",
        day="first such payment (not before the contract's signature) or report",
        stands=FOR_GOOD,
        evaluated="immediate",
        needs=NOTHING,
    ),
    "several-accounts": Wording(
        name=("专用账户不唯一", "Several dedicated accounts"),
        reason=(
            "同时有多个专用账户,或短期内多次变更。",
            "Several dedicated accounts stand at once, or they changed too often.",
        ),
        fires="two different accounts are designated on one day, or the designated account"
        " changed too often within the window",
        kind="breach",
        level="yellow",
        subject="`accounts`",
        amount="none",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs=NOTHING,
    ),
    "release-ahead": Wording(
        name=("超进度划拨", "Release ahead of teaching"),
        reason=(
            "已划拨资金比授课进度所允许的多 {amount} 元。",
            "{amount} yuan more were released than the teaching so far allows.",
        ),
        fires="more was released than the contract's schedule allows by the lessons taught",
        kind="breach",
        level="blue to red by points; red when nothing was paid",
        subject="`contract:<no>` or `batch`",
        amount="released - allowed",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="paid hours or schedule",
    ),
    "coverage-short": Wording(
        name=("余额低于未消课资金", "Balance below the unearned money"),
        reason=(
            "专用账户余额比未消课资金少 {amount} 元。",
            "The dedicated accounts hold {amount} yuan less than the unearned money.",
        ),
        fires="the designated accounts hold less than the unearned money, at the best of the last"
        " closes",
        kind="warning",
        level="blue to red by coverage",
        subject="`coverage`",
        amount="unearned - balance",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="balances; the calendar",
    ),
    "outflow-large": Wording(
        name=("大额异常支出", "Large unscheduled outflow"),
        reason=(
            "当日有 {amount} 元支出,既非应划拨款,也非已申请的退费或已批准的支出。",
            "{amount} yuan left as neither due release, requested refund nor approved payment.",
        ),
        fires="the unscheduled outflow of a day or of the window is a large share of the balance",
        kind="warning",
        level="blue to red, the higher of day and window; red when the balance was 0",
        subject="`day:<YYYY-MM-DD>`",
        amount="that day's unscheduled outflow",
        day="that day",
        stands=FOR_GOOD,
        evaluated="at close",
        needs="balances; counterparty name or account of a debit (without both: that day)",
    ),
    "outflow-split": Wording(
        name=("化整为零支出", "Outflow in small pieces"),
        reason=(
            "多笔小额支出合计 {amount} 元,逐笔低于预警下限,合计已达大额支出的比例。",
            "Small unscheduled debits, each below what is judged alone, come to {amount} yuan.",
        ),
        fires="unscheduled debits, each below the minimum of `outflow-large`, together reach its"
        " shares of the window's highest balance, and `outflow-large` tells of no day of theirs",
        kind="suspicion",
        level="blue to red by share",
        subject="`small-debits`",
        amount="the small debits of the window",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="balances; counterparty name or account of a debit",
    ),
    "outflow-unapproved": Wording(
        name=("未经批准的支出", "Unapproved outflow"),
        reason=(
            "专用账户支出 {amount} 元,当地规定须经批准,但没有对应的批准。",
            "{amount} yuan left without the approval that local rules ask for.",
        ),
        fires="where approvals are asked for, a debit of a designated account that is no fee,"
        " refund, release or move names no approval dated not later",
        kind="breach",
        level="orange",
        subject="`entry:<account>/<booking date>/<serial>`",
        amount="that entry",
        day="booking date",
        stands="until facts explain it",
        evaluated="at close",
        needs="counterparty name or account",
    ),
    "outflow-related-party": Wording(
        name=("资金流向关联方", "Outflow to a related party"),
        reason=(
            "非计划支出 {amount} 元流向关联方、理财产品或放贷机构。",
            "{amount} yuan left unscheduled to a related party, wealth product or lender.",
        ),
        fires="the payee of an unscheduled debit is a related party of the register, by account,"
        " name or alias, the legal representative, a wealth product or a lender",
        kind="warning",
        level="yellow; orange and red by share of the balance; yellow while that is unknown",
        subject="`day:<YYYY-MM-DD>`",
        amount="that day's unscheduled debits to related parties",
        day="that day",
        stands="until facts explain it",
        evaluated="at close",
        needs="counterparty name or account; balances for the share",
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "paid_outside": ("专用账户外收款", "paid outside"),
    "proven": ("其中有凭证的", "proven part"),
    "red_above": ("红色界限", "red above"),
    "dedicated_accounts": ("专用账户数", "dedicated accounts"),
    "changes": ("变更次数", "changes"),
    "window_days": ("统计天数", "days of the window"),
    "released": ("已划拨", "released"),
    "allowed": ("允许划拨", "allowed"),
    "excess": ("超出", "excess"),
    "paid": ("已缴", "paid"),
    "points": ("超出百分点", "percentage points"),
    "balance": ("专用账户余额", "balance"),
    "unearned": ("未消课资金", "unearned money"),
    "gap": ("差额", "gap"),
    "coverage_percent": ("覆盖率(%)", "coverage in percent"),
    "unscheduled_day": ("当日异常支出", "unscheduled outflow of the day"),
    "balance_before": ("前一日余额", "balance of the day before"),
    "day_percent": ("当日占比(%)", "share of the day in percent"),
    "unscheduled_week": ("统计期异常支出", "unscheduled outflow of the window"),
    "highest_balance_week": ("此前最高余额", "highest balance before"),
    "week_percent": ("统计期占比(%)", "share of the window in percent"),
    "debit": ("支出金额", "debit"),
    "to_related_parties": ("流向关联方", "to related parties"),
    "related_by_account": ("账号符合关联方登记", "account of the related party"),
    "related_by_name": ("户名符合关联方登记", "name of the related party"),
    "legal_representative": ("户名为法定代表人,登记自", "legal representative since"),
    "wealth_product": ("理财类字样", "words of a wealth product"),
    "lender": ("放贷机构字样", "words of a lender"),
    "small_debits": ("小额支出笔数", "small debits"),
    "each_below": ("逐笔低于", "each below"),
}

CODES: dict[str, tuple[str, str]] = {}
