"""The author's verbs: a new lesson, the audit of its checks, its notebooks."""
