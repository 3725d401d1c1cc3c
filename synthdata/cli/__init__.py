"""The command `python -m synthdata`: a file for each verb."""
