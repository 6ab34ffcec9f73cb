"""The command of merchant settlement: which bills explain which credits of payment companies."""

import sys
from typing import Annotated

import msgspec
import typer

from alerts.settled import SettlementLine, settlement_lines
from config.settings import Settings
from models.identity import mask_account
from models.money import format_yuan, round_e5
from streams.cli_shared import Database, existing_store, load_law, out
from streams.replay import supervision_of

_HEADING = [
    *("state", "merchant", "days", "rows", "payments", "refunds", "fees", "net"),
    *("credited on", "account", "credit"),
]
_WIDTHS = ("11", "16", "24", ">5", ">14", ">14", ">10", ">14", "11", "19", ">14")


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("settlements")(settlements_command)


def settlements_command(
    institution: Annotated[str, typer.Argument(help="The register number of an institution.")],
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print each day of an institution's merchant bills with the credit that settles it."""
    settings = Settings()
    kept = existing_store(settings, database)
    lines = settlement_lines(supervision_of(kept.engine, load_law(settings), institution))
    if as_json:
        for line in lines:
            sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        return
    for cells in (_HEADING, *map(_cells, lines)):
        # Written out in full: a table would be cut to the width of the screen.
        texts = (f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))
        out.print("  ".join(texts).rstrip(), highlight=False, markup=False)


def _cells(line: SettlementLine) -> list[str]:
    days = sorted({line.days[0].isoformat(), line.days[-1].isoformat()}) if line.days else []
    sums = (line.payments_fen, line.refunds_fen, round_e5(line.fees_e5), line.net_fen)
    return [
        *(line.state, mask_account(line.merchant), " to ".join(days), str(line.rows or "")),
        *(format_yuan(fen) if line.days else "" for fen in sums),
        line.credit_day.isoformat() if line.credit_day else "",
        mask_account(line.account),
        format_yuan(line.credit_fen) if line.credit_fen is not None else "",
    ]
