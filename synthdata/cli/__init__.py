"""The command `python -m synthdata`: one file per verb."""
