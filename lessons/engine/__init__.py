"""What all lessons share: exercises and their checker, notebooks, experiments and the ledger.

Flat is what the author of a lesson imports (exercise, inputs, compare, judges, shuffled,
experiment, notebook) and what is below all of it (catalogue, work, kinds, groups). A room is
machinery that no lesson imports, sorted by who needs it:

    practice    the student's verbs        answers     code read as data
    grading     the teacher's verb         sandbox     runs code that nobody trusts
    building    the author's verbs         checking    from a learner's file to a result
    ledger      every claim's verdict
"""
