"""One folder a lesson, and the engine that builds, checks, grades and keeps the ledger."""
