"""The words of merchant settlement on the pages, Chinese then English."""

WORDS: dict[str, tuple[str, str]] = {
    "settlements": ("商户结算", "Merchant settlement"),
    "settlements-what": (
        "支付公司账单说明银行的一笔结算入账；账单不计入余额，也不计入收费。",
        "A bill explains what a payment company settles; it is in no balance and no charge.",
    ),
    "merchant": ("商户号", "Merchant"),
    "bill-days": ("账单日", "Days of the bill"),
    "payments-yuan": ("收款（元）", "Payments (yuan)"),
    "refunds-yuan": ("退款（元）", "Refunds (yuan)"),
    "net-yuan": ("应结净额（元）", "Net of fees (yuan)"),
    "credited-on": ("入账日", "Credited on"),
    "credit-yuan": ("入账金额（元）", "Credit (yuan)"),
    "settled-settled": ("相符", "settled"),
    "settled-open": ("未见结算", "not settled"),
    "settled-nothing": ("无需结算", "nothing to settle"),
    "settled-unexplained": ("无账单说明", "no bill explains it"),
}
