"""The process that runs untrusted code, and the format of its results."""
