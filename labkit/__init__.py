"""Shared by every package: commands, files, figures, intervals and verdicts. No torch."""
