"""The command: python -m synthdata.dial, a table of which metric detects which disease.

Run:    python -m synthdata.dial --runs 20 --healthy-runs 60
        python -m synthdata.dial --write try        collections as files for the meter
"""

from __future__ import annotations

from labkit import command

if __name__ == "__main__":
    command.stoppable("synthdata.dial")
    from synthdata.dial.sensitivity import Settings, main

    command.run(main, Settings, prog="synthdata.dial")
