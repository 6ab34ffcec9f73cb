"""What findings about the feed itself are called (rules.md D)."""

from alerts.wording.shape import NOTHING, RUN, WHILE, Wording

RULES: dict[str, Wording] = {
    "statement-broken": Wording(
        name=("对账单不平", "Statement that does not add up"),
        reason=(
            "对账单的期初余额、流水与期末余额不符,相差 {amount} 元。",
            "Opening balance, entries and balances of the statement disagree by {amount} yuan.",
        ),
        fires="opening balance and entries do not give the closing balance, or a running balance"
        " does not follow",
        kind="data",
        level="yellow",
        subject="`statement:<account>/<id>`",
        amount="the gap",
        day="statement day",
        stands="until corrected",
        evaluated="immediate",
        needs=NOTHING,
    ),
    "statement-conflict": Wording(
        name=("银行数据前后矛盾", "Conflicting data of a bank"),
        reason=(
            "同一对账单、余额或流水先后报送了不同内容,需人工确认以哪一份为准。",
            "The bank told this with different contents; a person must say which counts.",
        ),
        fires="a statement or a balance came twice with different contents, or an entry with"
        " another amount, direction or currency, or as a reversal and as none",
        kind="data",
        level="yellow",
        subject="`entry:<account>/<booking date>/<serial>`,"
        " `balance:<account>/<day>/<what>` or `statement:<account>/<id>`",
        amount="how far the amounts lie apart, if they differ",
        day="its own day",
        stands="until a person settles it or a content is retracted",
        evaluated="immediate",
        needs=NOTHING,
    ),
    "statement-gap": Wording(
        name=("对账单有缺口", "Gap between statements"),
        reason=(
            "本对账单与上一份之间缺少工作日或对账单编号,或余额不相接。",
            "A working day or a number is missing before this statement, or balances do not join.",
        ),
        fires="the closing of one statement is not the opening of the next; where they are not"
        " both reported, a working day lies between that no statement covers, or the bank's numbers"
        " skip one (not so where the numbers count days)",
        kind="data",
        level="yellow",
        subject="`statement:<account>/<id>` of the later one",
        amount="opening - closing, absolute, if they differ",
        day="the day after the earlier one",
        stands="until the gap is filled",
        evaluated="at close",
        needs="the calendar",
    ),
    "feed-silent": Wording(
        name=("账户数据中断", "Silent feed"),
        reason=(
            "专用账户应报未报,已超过该账户自身的报送周期。",
            "A dedicated account did not report, longer than its own statements take.",
        ),
        fires="no statement follows the last one within its own length and some working days",
        kind="data",
        level="blue to red by working days",
        subject="`account:<no>`",
        amount="none",
        day=RUN,
        stands=WHILE,
        evaluated="at close",
        needs="the calendar",
    ),
    "entry-unrouted": Wording(
        name=("账户未登记", "Account that nobody registered"),
        reason=(
            "收到未登记账户的流水,收入合计 {amount} 元;登记后即按规则研判。",
            "Credits of {amount} yuan lie on an account that nobody registered, not judged yet.",
        ),
        fires="entries are booked on an account, or rows billed to a merchant code, on a day on "
        "which it is nobody's",
        kind="data",
        level="yellow",
        subject="`account:<no>`, of a merchant code `account:merchant:<code>`",
        amount="the credits, or the payments billed",
        day="the first entry's",
        stands="until the account is registered from that day on",
        evaluated="at close",
        needs=NOTHING,
    ),
    "unlicensed-collection": Wording(
        name=("无证收费", "Collection without a licensed institution"),
        reason=(
            "疑似学费 {amount} 元进入没有登记机构的账户。",
            "{amount} yuan that read like tuition came into an account of no known institution.",
        ),
        fires="credits that name tuition come into an account that nobody registered in time",
        kind="breach",
        level="red",
        subject="`account:<no>`",
        amount="those credits",
        day="the close of the last day of the tolerance after the first of them",
        stands="until the account is registered",
        evaluated="at close",
        needs="the calendar",
    ),
    "cannot-decide": Wording(
        name=("无法判断", "Cannot decide"),
        reason=("因缺少{missing},无法判断。", "This cannot be decided for want of {missing}."),
        fires="a rule, or matching, lacks a field that it needs; from the close of the 3rd working "
        "day (D) on also a day of a merchant's bill that no settlement pays, and a settlement that "
        "no bill explains though one of that merchant came before",
        kind="data",
        level="blue",
        subject="`<rule>/<that rule's subject>`, `matching/entry:<...>`, "
        "`matching/bill:<merchant>`, `matching/settlement:<account>`, `currency/account:<no>` or"
        " `pairing/entries:<...>`",
        amount="none",
        day="as for the rule that cannot decide",
        stands="until the field is told",
        evaluated="with the rule that cannot decide",
        needs=NOTHING,
    ),
}

STEPS: dict[str, tuple[str, str]] = {
    "contents": ("不同内容份数", "contents"),
    "differing_fields": ("不一致的字段", "fields that differ"),
    "contested_amount": ("其中一份的金额", "amount of one of them"),
    "statement_before_ends": ("上一份截止日", "statement before ends"),
    "statement_begins": ("本份起始日", "this one begins"),
    "missing_working_days": ("缺少的工作日", "missing working days"),
    "missing_statement_numbers": ("缺少的对账单编号数", "missing statement numbers"),
    "last_statement_ends": ("最近对账单截止日", "last statement ends"),
    "expected_by": ("应报送至", "expected through"),
    "working_days_late": ("逾期工作日", "working days late"),
    "entries": ("流水笔数", "entries"),
    "held_entry": ("暂存的流水号", "entry held"),
    "counting_entry": ("计入的流水号", "entry that counts"),
    "credits": ("收入合计", "credits"),
    "debits": ("支出合计", "debits"),
    "payments_like_tuition": ("疑似学费笔数", "payments that read like tuition"),
    "first_payment": ("首笔日期", "first of them"),
    "bill_rows": ("账单行数", "rows of bills"),
    "bill_days_unpaid": ("未见结算的账单日", "days of the bill not settled"),
    "billed_payments": ("账单收款", "payments billed"),
    "billed_refunds": ("账单退款", "refunds billed"),
    "billed_net": ("应结净额", "net of fees"),
    "settlements_unexplained": ("无账单说明的结算笔数", "settlements without a bill"),
    "settled": ("结算合计", "settled"),
}

CODES: dict[str, tuple[str, str]] = {
    "settlement": ("与账单相符的结算入账", "a settlement that pays what was billed"),
    "bill": ("说明该结算的商户账单", "a merchant's bill that explains what was settled"),
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
    "statement": ("缺失日期的对账单", "the statement of days that are missing"),
    "broken-statement": ("核对相符的对账单", "a statement that adds up"),
    "CNY amount": ("人民币金额", "an amount in yuan"),
    "bank reference": ("银行流水号", "the bank's reference"),
    "internal error": ("规则的结果(内部错误)", "the rule's answer (internal error)"),
}
