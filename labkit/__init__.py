"""What every package here shares: commands, files, figures, intervals and verdicts. No torch."""
