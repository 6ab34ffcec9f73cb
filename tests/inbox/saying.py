"""What people said of the two institutions, and what changed about them in the registers."""

from datetime import date, timedelta

import msgspec

from models import facts as f
from models.findings import Finding
from models.keys import content_hash, encode, fact_id
from tests.inbox import world

CLOSED = world.CLOSED
SECOND_ACCOUNT = "6228009999999990456"
ABOUT = "退费难"
ARRIVED = CLOSED - timedelta(days=5)
LONG_AGO = CLOSED - timedelta(days=100)
RISK: Finding = world.found("runaway-risk", "risk", "orange", None)


def complaint(number: str, day: date, **more: object) -> f.ComplaintFiled:
    """A complaint about the first institution unless another is named."""
    given = {"institution": "NC-0001", "number": number, "day": day, "about": ABOUT, **more}
    return msgspec.convert(given, f.ComplaintFiled)


RETRACTED = complaint("T-90", ARRIVED, about="撤回的投诉")
CONTESTED = complaint("T-91", ARRIVED, about="先说的")
NAMING = complaint(
    "T-6",
    CLOSED - timedelta(days=89),
    contract=world.CONTRACT.number,
    payee_account=world.STRANGER,
    about=f"{world.PAYER}向{world.STRANGER}付款，{world.REPRESENTATIVE}拒退",
)
NAMING_ID = fact_id(NAMING)
SETTLED = msgspec.structs.replace(CONTESTED, about="裁定的")


def _register() -> list[f.Fact]:
    first = f.InstitutionStated(
        institution="NC-0001",
        valid_from=date(2024, 1, 1),
        name=world.NAME,
        legal_representative=world.REPRESENTATIVE,
        city="nanchang",
        county="东湖区",
    )
    again = msgspec.structs.replace(first, valid_from=date(2024, 1, 15))
    other = msgspec.structs.replace(
        first, valid_from=date(2024, 2, 1), legal_representative="慕容长风", licence="void"
    )
    account = f.AccountStated(
        account=SECOND_ACCOUNT,
        institution="NC-0001",
        valid_from=date(2024, 2, 10),
        valid_to=date(2024, 2, 20),
        purpose="dedicated",
    )
    return [again, other, account]


def facts() -> list[f.Fact]:
    """Complaints of three levels in and before the window, a patrol, changes, a retraction."""
    return [
        complaint("投诉-1", ARRIVED, level="national"),
        complaint("T-2", ARRIVED, level="city", about="退费难　"),
        complaint("T-3", CLOSED, amount_fen=250_000),
        complaint("T-4", CLOSED + timedelta(days=1), about="结账后"),
        complaint("T-5", LONG_AGO, level="city"),
        NAMING,
        complaint("T-7", CLOSED - timedelta(days=90), about="窗口之前"),
        complaint("T-8", ARRIVED, institution="NC-0002", level="county"),
        RETRACTED,
        f.FactRetracted(fact=fact_id(RETRACTED)),
        CONTESTED,
        SETTLED,
        f.ConflictSettled(fact=fact_id(CONTESTED), content=content_hash(encode(SETTLED)).hex()),
        f.PatrolReported(
            institution="NC-0002",
            number="巡-1",
            day=CLOSED,
            level="city",
            about="门店<关闭>，电话13812345678",
        ),
        *_register(),
    ]
