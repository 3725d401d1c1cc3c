"""Every claim's verdict: measured, kept, judged and printed."""
