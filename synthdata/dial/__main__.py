"""The command: python -m synthdata.dial, the table of which metric sees which disease.

Run:    python -m synthdata.dial --runs 20 --healthy-runs 60
        python -m synthdata.dial --write try        collections as files, to try the meter on
"""

from __future__ import annotations

from labkit import command

if __name__ == "__main__":
    command.stoppable("synthdata.dial")
    from synthdata.dial.sensitivity import Settings, main

    command.run(main, Settings, prog="synthdata.dial")
