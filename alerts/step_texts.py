"""What the lines of formulas, and the codes in their values, are called: Chinese, then English."""

STEPS: dict[str, tuple[str, str]] = {
    # charges
    "payments": ("收款合计", "payments"),
    "limit": ("上限", "limit"),
    "first_bought_day": ("所购首日", "first bought day"),
    "last_bought_day": ("所购末日", "last bought day"),
    "last_allowed_day": ("允许的最后一日", "last allowed day"),
    "bought_hours": ("所购课时", "bought class hours"),
    "bonus_hours": ("赠送课时", "bonus class hours"),
    "limit_hours": ("课时上限", "limit of class hours"),
    "payments_on_barred_days": ("不得收费期间的收款", "payments on barred days"),
    "bar": ("不得收费的原因", "why charging is barred"),
    "booking_date": ("入账日", "booking date"),
    "tolerated_until": ("容许截止日", "tolerated until"),
    "signed": ("合同签订日", "contract signed"),
    # accounts
    "paid_outside": ("专用账户外收款", "paid outside"),
    "proven": ("其中有凭证的", "proven part"),
    "red_above": ("红色界限", "red above"),
    "dedicated_accounts": ("专用账户数", "dedicated accounts"),
    "changes": ("变更次数", "changes"),
    "window_days": ("统计天数", "days of the window"),
    # releases and coverage
    "released": ("已划拨", "released"),
    "allowed": ("允许划拨", "allowed"),
    "excess": ("超出", "excess"),
    "paid": ("已缴", "paid"),
    "points": ("超出百分点", "percentage points"),
    "balance": ("专用账户余额", "balance"),
    "unearned": ("未消课资金", "unearned money"),
    "gap": ("差额", "gap"),
    "coverage_percent": ("覆盖率(%)", "coverage in percent"),
    # outflow
    "unscheduled_day": ("当日异常支出", "unscheduled outflow of the day"),
    "balance_before": ("前一日余额", "balance of the day before"),
    "day_percent": ("当日占比(%)", "share of the day in percent"),
    "unscheduled_week": ("统计期异常支出", "unscheduled outflow of the window"),
    "highest_balance_week": ("此前最高余额", "highest balance before"),
    "week_percent": ("统计期占比(%)", "share of the window in percent"),
    # refunds
    "due": ("应退", "due"),
    "still_unpaid": ("尚未退还", "still unpaid"),
    "asked": ("申请日", "asked"),
    "working_days_reached": ("已满工作日", "working days reached"),
    "term_days": ("退费期限(天)", "term in days"),
}

CODES: dict[str, tuple[str, str]] = {
    # why charging is barred
    "no-agreement": ("未建立资金监管", "no custody or reserve agreement"),
    "suspended": ("被责令暂停收费", "charging is suspended"),
    "licence-void": ("办学许可失效", "the licence is void"),
    "nonprofit-overdue": ("营转非逾期", "the change to non-profit is overdue"),
    # what a rule lacks
    "begins": ("开课日期", "the first day of lessons"),
    "ends": ("结课日期", "the last day of lessons"),
    "paid_hours": ("所购课时", "the paid hours"),
    "stages": ("划拨阶段", "the schedule of releases"),
    "academic": ("是否为学科类", "whether it is academic"),
    "contract": ("唯一对应的合同", "a single contract"),
    "remittance": ("附言", "a remittance"),
    "counterparty": ("对方户名或账号", "the counterparty's name or account"),
    "original": ("被冲正的原流水", "the entry that was reversed"),
    "balance": ("账户余额", "a reported balance"),
    "broken-statement": ("核对相符的对账单", "a statement that adds up"),
    "CNY amount": ("人民币金额", "an amount in yuan"),
    "internal error": ("规则的结果(内部错误)", "the rule's answer (internal error)"),
}
