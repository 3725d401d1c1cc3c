"""Answers to the exercises of lesson 16 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 16
        python -m lessons.engine.mistakes 16.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import before, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 16.1  The check

SORTED = "lessons.lab.problems:well_sorted"

SORTED_VARIANTS = variants(SORTED,
    body("crossed out", """
        left = list(word)
        for letter in answer:
            if letter not in left:
                return False
            left.remove(letter)
        return not left and list(answer) == sorted(answer)"""),
    body("counts", """
        for letter in set(word + answer):
            if word.count(letter) != answer.count(letter):
                return False
        return all(answer[i] <= answer[i + 1] for i in range(len(answer) - 1))"""),
    body("sorts the word", "return answer == ''.join(sorted(word))"),
)

IN_ORDER, SAME = "one <= other", "Counter(answer) == Counter(word)"

SORTED_WRONG = mistakes(SORTED,
    edit("order alone", f"in_order and {SAME}", "in_order",
         "only the order is checked, so `abc` passes as an answer to any word"),
    edit("letters alone", "in_order and ", "",
         "only the letters are checked, so the word itself passes as its own answer"),
    edit("a set", SAME, "set(answer) == set(word)",
         "it is checked which letters there are, not how often"),
    edit("lengths", SAME, "len(answer) == len(word)",
         "order and length are checked, and the letters may be any"),
    edit("letters from the word", SAME,
         "len(answer) == len(word) and all(c in word for c in answer)",
         "each letter must be in the word, but a letter of the word may be missing, and another "
         "be there twice in its place"),
    edit("no twins", IN_ORDER, "one < other",
         "equal letters side by side are refused; words may have a letter twice"),
    edit("downwards", IN_ORDER, "one >= other",
         "the order is checked from z to a"),
    edit("some dropped", SAME, "not Counter(answer) - Counter(word)",
         "an answer that has lost letters passes"),
    edit("some added", SAME, "not Counter(word) - Counter(answer)",
         "an answer with letters added passes"),
    edit("upside down", "return in_order and Counter(answer) == Counter(word)",
         "return not (in_order and Counter(answer) == Counter(word))",
         "right and wrong have changed places"),
)

# 16.2  What the next lesson is made of

LESSON = "lessons.l16_climbing_the_stairs.climbing:lesson_for"

LESSON_VARIANTS = variants(LESSON,
    body("itertools", """
        import itertools
        kept = list(itertools.compress(zip(questions, answers), ok))
        return list(itertools.islice(itertools.cycle(kept), n))"""),
    body("whole copies, cut", """
        kept = [(questions[i], answers[i]) for i in range(len(ok)) if ok[i]]
        if len(kept) == 0:
            return []
        return (kept * (n // len(kept) + 1))[:n]"""),
    body("one by one", """
        kept = [(q, a) for q, a, good in zip(questions, answers, ok) if good]
        made = []
        while kept and len(made) < n:
            made.append(kept[len(made) % len(kept)])
        return made"""),
)

MADE = "[kept[i % len(kept)] for i in range(n)]"

LESSON_WRONG = mistakes(LESSON,
    edit("all kept", " if good]", "]",
         "wrong answers are kept as well"),
    edit("the wrong ones", " if good]", " if not good]",
         "the wrong answers are kept, and the right ones thrown away"),
    body("out of step", """
        kept = list(zip(questions, [said for said, good in zip(answers, ok) if good]))
        return [kept[i % len(kept)] for i in range(n)] if kept else []""",
         "wrong answers are taken out, but their questions stay: from the first wrong one on each "
         "question has another question's answer"),
    edit("no repeats", MADE, "kept[:n]",
         "each is there once; they are to be repeated until there are n"),
    edit("the last again", MADE, "[kept[min(i, len(kept) - 1)] for i in range(n)]",
         "only the last one is repeated; begin again from the first"),
    edit("the first again", MADE, "(kept + [kept[0]] * n)[:n]",
         "only the first one is repeated; go on with the second"),
    edit("side by side", MADE, "[kept[i * len(kept) // n] for i in range(n)]",
         "each is repeated at once, side by side; all come once before any comes again"),
    edit("n of each", MADE, "kept * n",
         "there are n of each, not n together"),
    edit("not cut", MADE, "kept * max(1, -(-n // len(kept)))",
         "the last repetition is not cut, so there may be more than n"),
    edit("answer first", "[(question, said)", "[(said, question)",
         "question and answer have changed places"),
    body("the first n asked", """
        kept = [(q, a) for q, a, good in list(zip(questions, answers, ok))[:n] if good]
        return [kept[i % len(kept)] for i in range(n)] if kept else []""",
         "only the first n that were asked are looked at; right ones behind them count as well"),
)

# 16.3  A vote

MAJORITY = "lessons.lab.answers:majority"

MAJORITY_VARIANTS = variants(MAJORITY,
    body("a dictionary", """
        votes = {}
        for answer in answers:
            votes[answer] = votes.get(answer, 0) + 1
        most = max(votes.values(), default=0)
        first = [answer for answer in votes if votes[answer] == most]
        return first[0] if len(first) == 1 else None"""),
    body("every pair", """
        for answer in answers:
            if all(answers.count(answer) > answers.count(o) for o in answers if o != answer):
                return answer
        return None"""),
)

MAJORITY_WRONG = mistakes(MAJORITY,
    body("the first of a tie", """
        if not answers:
            return None
        return Counter(answers).most_common(1)[0][0]""",
         "where two share the lead, the first of them is returned; None is wanted"),
    body("by the alphabet", """
        if not answers:
            return None
        return max(sorted(set(answers)), key=answers.count)""",
         "where two share the lead, the first in the alphabet is returned; None is wanted"),
    body("more than half", """
        for answer in answers:
            if 2 * answers.count(answer) > len(answers):
                return answer
        return None""",
         "more than half of all is asked for; more than any other is enough"),
    body("letter by letter", """
        if not answers:
            return None
        votes = [Counter(letters).most_common(1)[0][0] for letters in zip(*answers)]
        return "".join(votes)""",
         "each place is voted on alone: the result may be an answer that nobody gave"),
    body("the middle one", """
        if not answers:
            return None
        return sorted(answers)[len(answers) // 2]""",
         "this is the middle one in alphabetical order, a median, not the commonest"),
    body("all alike", """
        return answers[0] if len(set(answers)) == 1 else ""
        """,
         "all answers have to agree; it is enough to lead"),
    before("ties with the third", """
        first = Counter(answers).most_common(3)
        if len(first) == 3 and first[0][1] == first[1][1] > first[2][1]:
            return first[0][0]""",
         "a tie of two is taken for a lead if a third answer has fewer votes"),
    body("how often", """
        first = Counter(answers).most_common(2)
        if not first or (len(first) == 2 and first[0][1] == first[1][1]):
            return None
        return first[0][1]""",
         "this is how often the answer was given, not the answer"),
)
