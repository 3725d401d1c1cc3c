"""What all lessons share: exercises and their checker, notebooks, experiments and the ledger."""
