"""Common parts of all lessons: exercises and their checker, notebooks, experiments, the ledger.

At the top level are the modules that a lesson's author imports (exercise, inputs, compare, judges,
shuffled, experiment, notebook) and those below them (catalogue, work, kinds, groups). A sub-package
is machinery that no lesson imports, sorted by user:

    practice    the student's verbs        answers     code read as data
    grading     the teacher's verb         sandbox     runs untrusted code
    building    the author's verbs         checking    from a learner's file to a result
    ledger      every claim's verdict
"""
