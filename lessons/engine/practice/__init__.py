"""The student's verbs: start, check, hint, solution, status, next, review and doctor."""
