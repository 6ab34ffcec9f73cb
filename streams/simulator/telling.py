"""What an institution tells beside its bank: the register rows and happenings as facts, by day."""

from collections.abc import Iterator
from datetime import date

from models import facts as f
from streams.simulator.banks import BANK_NAMES
from streams.simulator.book import STAGES
from streams.simulator.plan import (
    NEVER,
    RESERVE_LEAST_FEN,
    Account,
    Cash,
    Contract,
    Day,
    Institution,
    Part,
    Refund,
    Row,
    Span,
    iso,
)

_RESTATED_WEEKDAY = 6


def tellings(inst: Institution) -> Iterator[Row]:
    """Every row that the institution tells, table by table; of one unregistered there is none."""
    if not inst.registered:
        return
    yield from _states(inst)
    yield from _happenings(inst)
    yield from inst.rows
    for session in inst.sessions:
        present = tuple(contract.number for contract in session.present)
        if present:
            lesson = f.LessonDelivered(
                institution=inst.id,
                number=session.number,
                day=date.fromordinal(session.day),
                present=present,
                hours_hundredths=session.hours,
                confirmed="time-out" if session.silent else "parent",
            )
            yield Row(session.day, lesson)
    if inst.restated:
        yield from _restated(inst)


def _states(inst: Institution) -> Iterator[Row]:
    first = inst.first
    yield Row(first, institution_stated(inst, first - 200, inst.usci))
    if inst.reregistered is not None:
        day, usci = inst.reregistered
        yield Row(day, institution_stated(inst, day, usci))
    for day, representative in inst.representatives:
        yield Row(day, institution_stated(inst, day, inst.usci, representative))
    for begins, ends, name in inst.course.vacations:
        yield Row(max(first, begins), _term(inst, begins, ends, name))
    for account in inst.accounts:
        told = max(first, account.valid_from)
        yield Row(told, _account(inst, account, NEVER))
        if account.valid_to < inst.last:
            yield Row(account.valid_to + 1, _account(inst, account, account.valid_to))
    for span in inst.custody:
        yield from _custody(inst, span)
    for number, span in enumerate(inst.suspensions, start=1):
        suspended = f.ChargingSuspended(
            institution=inst.id,
            number=span.number,
            valid_from=date.fromordinal(span.begins),
            valid_to=_day_or_none(span.ends),
            reason=f"整改{number}",
        )
        yield Row(span.told, suspended)
    for account_number, span in inst.pledges:
        pledge = f.AccountRestricted(
            account=account_number,
            number=span.number,
            valid_from=date.fromordinal(span.begins),
            valid_to=_day_or_none(span.ends),
            reason="质押",
        )
        yield Row(span.begins, pledge)
    for number, (subject, price) in enumerate(sorted(published(inst).items()), start=1):
        fee = f.FeeStated(
            institution=inst.id,
            number=f"F{number:02d}",
            valid_from=date.fromordinal(first),
            name=subject,
            price_fen=price,
        )
        yield Row(first, fee)


def published(inst: Institution) -> dict[str, int]:
    """The published price of each subject: that of the dearest contract that keeps to it."""
    prices: dict[str, int] = {}
    for contract in inst.contracts:
        if contract.number not in inst.unpublished:
            prices[contract.subject] = max(prices.get(contract.subject, 0), contract.price_fen)
    return prices


def _term(inst: Institution, begins: Day, ends: Day, name: str) -> f.TermStated:
    return f.TermStated(
        institution=inst.id,
        number=f"JQ-{iso(begins)}",
        valid_from=date.fromordinal(begins),
        valid_to=date.fromordinal(ends),
        name=name,
    )


def institution_stated(
    inst: Institution, valid_from: Day, usci: str, representative: str = ""
) -> f.InstitutionStated:
    """The institution's row of the register from a day on."""
    return f.InstitutionStated(
        institution=inst.id,
        valid_from=date.fromordinal(valid_from),
        name=inst.name,
        usci=usci,
        legal_form="民办非企业单位" if usci.startswith("5") else "有限责任公司",
        legal_representative=representative or inst.representative,
        city=inst.city,
        county=inst.county,
    )


def _account(inst: Institution, account: Account, valid_to: Day) -> f.AccountStated:
    return f.AccountStated(
        account=account.number,
        institution=inst.id,
        valid_from=date.fromordinal(account.valid_from),
        purpose=account.purpose,
        valid_to=_day_or_none(valid_to),
        name=inst.name,
        bank=BANK_NAMES[account.bank],
    )


def _custody(inst: Institution, span: Span) -> Iterator[Row]:
    """The agreement, and again whenever the account under it changes."""
    begins = max(span.begins, inst.first)
    reserve = inst.reserve_account
    main = inst.designated(begins)[0]
    days = [(span.begins, max(span.told, inst.first), main.number)]
    for account in inst.accounts:
        changed = begins < account.valid_from <= span.ends
        alone = inst.designated(account.valid_from) == [account]
        if account.purpose == "dedicated" and changed and alone:
            told = max(span.told, account.valid_from)
            days.append((account.valid_from, told, account.number))
    for valid_from, told, number in days:
        agreement = f.CustodyStated(
            institution=inst.id,
            number=span.number,
            valid_from=date.fromordinal(valid_from),
            mode="reserve" if inst.reserve else "custody",
            valid_to=_day_or_none(span.ends),
            account=number if reserve is None else reserve.number,
            minimum_fen=RESERVE_LEAST_FEN if inst.reserve else None,
        )
        yield Row(min(told, inst.last), agreement)


def _happenings(inst: Institution) -> Iterator[Row]:
    for place, contract in enumerate(inst.contracts):
        stated = _contract(inst, contract)
        if place % 97 == 5 and contract.told < inst.last:
            # A slip of the pen in the student's name, corrected the next day.
            yield Row(contract.told, _contract(inst, contract, slip="?"))
            yield Row(contract.told + 1, stated)
        else:
            yield Row(contract.told, stated)
    yield from _grievances(inst)
    for refund in inst.refunds:
        yield from _refund(inst, refund)
    for taken in inst.cash:
        yield Row(taken.day, _cash(inst, taken))
    for number, (day, amount, account, about) in enumerate(inst.complaints, start=1):
        complaint = f.ComplaintFiled(
            institution=inst.id,
            number=f"TS{inst.index:04d}-{number:03d}",
            day=date.fromordinal(day),
            level="county",
            about="收费账户",
            contract=about,
            amount_fen=amount,
            payee_account=account,
        )
        yield Row(day, complaint)


def _cash(inst: Institution, taken: Cash) -> f.CashReceived:
    return f.CashReceived(
        institution=inst.id,
        number=taken.number,
        contract=taken.contract.number,
        day=date.fromordinal(taken.day),
        amount_fen=taken.amount_fen,
    )


def _grievances(inst: Institution) -> Iterator[Row]:
    for number, (day, contract, about) in enumerate(inst.grievances, start=1):
        complaint = f.ComplaintFiled(
            institution=inst.id,
            number=f"TS{inst.index:04d}-9{number:03d}",
            day=date.fromordinal(day),
            level="city",
            about=about,
            contract=contract,
        )
        yield Row(day, complaint)


def _contract(inst: Institution, contract: Contract, slip: str = "") -> f.ContractStated:
    return f.ContractStated(
        institution=inst.id,
        number=contract.number,
        signed=date.fromordinal(contract.signed),
        price_fen=contract.price_fen,
        payers=contract.payers,
        student=contract.student + slip,
        order_number=contract.order_number,
        subject=contract.subject,
        academic=contract.academic,
        online=contract.online,
        paid_hours_hundredths=contract.hours,
        bonus_hours_hundredths=contract.bonus,
        minutes=contract.minutes,
        stage=contract.stage,
        class_size=contract.class_size,
        begins=date.fromordinal(contract.begins),
        ends=date.fromordinal(contract.ends),
        instalments=tuple(_part(part) for part in contract.parts),
        stages=tuple(f.Stage(*stage) for stage in STAGES) if contract.staged else (),
    )


def _part(part: Part) -> f.Instalment:
    return f.Instalment(
        amount_fen=part.amount_fen,
        due=date.fromordinal(part.due),
        hours_hundredths=part.hours,
        begins=date.fromordinal(part.begins),
        ends=date.fromordinal(part.ends),
    )


def _refund(inst: Institution, refund: Refund) -> Iterator[Row]:
    asked = f.RefundRequested(
        institution=inst.id,
        number=refund.number,
        contract=refund.contract.number,
        day=date.fromordinal(refund.asked),
        amount_fen=refund.requested_fen,
    )
    if refund.answered != refund.asked:
        yield Row(refund.asked, asked)
    if refund.answered <= inst.last:
        answer = f.RefundAnswered(
            institution=inst.id,
            number=refund.number,
            day=date.fromordinal(refund.answered),
            agreed_fen=refund.agreed_fen,
        )
        # The register has one row for both.
        yield Row(refund.answered, answer, beside=asked)


def _restated(inst: Institution) -> Iterator[Row]:
    """Export every contract told so far again, once a week."""
    for day in range(inst.first, inst.last + 1):
        if (day - 1) % 7 == _RESTATED_WEEKDAY:
            for contract in inst.contracts:
                if contract.told <= day:
                    yield Row(day, _contract(inst, contract), is_full=True)


def attributed(inst: Institution, entry: tuple[str, Day, str], contract: str) -> f.Fact:
    """A person's word on the contract of an entry (account, day, serial)."""
    account, day, serial = entry
    identifier = f"a:{account}/EntryBooked/{iso(day)}/{serial}"
    return f.PaymentAttributed(institution=inst.id, entry=identifier, contract=contract)


def _day_or_none(day: Day) -> date | None:
    return None if day == NEVER else date.fromordinal(day)
