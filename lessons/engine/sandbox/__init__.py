"""The process that runs code nobody trusts, and the only words it has for what came of it."""
