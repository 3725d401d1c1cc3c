"""`python -m lessons ledger` by the name of its package.

Run:    python -m lessons.engine.ledger --help
"""

from __future__ import annotations

from labkit import command
from lessons.engine.ledger.command import LedgerConfig, main

if __name__ == "__main__":
    command.run(main, LedgerConfig, prog="lessons.engine.ledger")
