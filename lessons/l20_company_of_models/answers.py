"""Answers to the exercises of lesson 20 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 20
        python -m lessons.engine.mistakes 20.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 20.1  How sure of an answer

SURENESS = "lessons.l20_company_of_models.company:sureness"

SURENESS_VARIANTS = variants(SURENESS,
    body("character by character", """
        found = []
        for said, ids, length in zip(logprobs, written, lengths):
            found.append(sum(said[place, ids[place]] for place in range(length)))
        return np.array(found)"""),
    body("a product of probabilities", """
        found = np.ones(len(written))
        for i in range(len(written)):
            for place in range(lengths[i]):
                found[i] = found[i] * np.exp(logprobs[i][place][written[i][place]])
        return np.log(found)"""),
)

WRITTEN = "written[..., None]"
SUM = "np.where(counted, chosen, 0.0).sum(axis=1)"

SURENESS_WRONG = mistakes(SURENESS,
    edit("all places", SUM, "chosen.sum(axis=1)",
         "what was written behind the end of an answer is counted as well"),
    edit("mean of all places", SUM, "np.where(counted, chosen, 0.0).mean(axis=1)",
         "this is a mean over all places, those behind the end included; a sum is wanted"),
    edit("mean of the characters", SUM,
         "np.where(counted, chosen, 0.0).sum(axis=1) / counted.sum(axis=1)",
         "this is the mean for each character: it forgives a long answer its length"),
    edit("the weakest character", SUM, "np.where(counted, chosen, 0.0).min(axis=1)",
         "this is the least probable character alone"),
    edit("the last character", SUM, "chosen[np.arange(len(chosen)), np.asarray(lengths) - 1]",
         "this is the last character alone; the ones before it may be wrong as well"),
    edit("a probability", SUM, "np.exp(np.where(counted, chosen, 0.0).sum(axis=1))",
         "this is the probability; its logarithm is wanted"),
    edit("a sum of probabilities", SUM, "np.where(counted, np.exp(chosen), 0.0).sum(axis=1)",
         "probabilities are added up, where their logarithms should be"),
    edit("the likeliest", WRITTEN, "logprobs.argmax(-1)[..., None]",
         "this is how probable the likeliest characters were, not those that were written"),
    edit("one too few", "np.arange(written.shape[1]) <", "np.arange(written.shape[1]) + 1 <",
         "the last character of an answer is missing"),
    edit("one too many", "np.arange(written.shape[1]) <", "np.arange(written.shape[1]) - 1 <",
         "one character too many is counted, the first behind the end"),
    edit("the sign", SUM, "-np.where(counted, chosen, 0.0).sum(axis=1)",
         "the sign is turned: this is a surprise, and is large where the network doubts"),
    edit("base two", SUM, "np.where(counted, chosen, 0.0).sum(axis=1) / np.log(2)",
         "this is the logarithm to base 2, in bits; the natural one is wanted, in nats"),
    edit("the log of a sum", SUM, "np.log(np.where(counted, np.exp(chosen), 0.0).sum(axis=1))",
         "this is the logarithm of the sum of the probabilities; of their product is wanted"),
    edit("times nothing", SUM, "(chosen * counted).sum(axis=1)",
         "what is behind the end is multiplied by 0, and 0 times minus infinity is not a number; "
         "leave it out"),
)

# 20.2  A budget becomes a threshold

THRESHOLD = "lessons.l20_company_of_models.company:threshold"

THRESHOLD_VARIANTS = variants(THRESHOLD,
    body("one by one", """
        money = len(sureness) * (budget - cheap)
        for sure in sorted(sureness):
            if money < dear - 1e-9:
                return sure
            money -= dear
        return float("inf")"""),
    body("by bills", """
        best = min(sureness)
        for limit in [*sorted(sureness), float("inf")]:
            rises = sum(sure < limit for sure in sureness)
            if cheap + dear * rises / len(sureness) <= budget + 1e-9:
                best = limit
        return best"""),
)

LEFT, FIRST = "(budget - cheap)", "ordered[max(paid, 0)]"
PICK = "return ordered[max(paid, 0)] if paid < len(ordered) else math.inf"

THRESHOLD_WRONG = mistakes(THRESHOLD,
    edit("specialists for nothing", LEFT, "budget",
         "the specialists are not paid: they are, for each question, also for those that rise"),
    edit("specialists of the others", "/ dear", "/ (dear - cheap)",
         "a question that rises is not paid to the specialist; it is paid twice"),
    edit("paid twice over", "/ dear", "/ (cheap + dear)",
         "the specialist is paid twice for a question that rises"),
    edit("the sure rise", "sorted(sureness)", "sorted(sureness, reverse=True)",
         "it counts from the other end: the sure ones would rise"),
    edit("one too many", FIRST, "ordered[min(max(paid, 0) + 1, len(ordered) - 1)]",
         "one more rises than the budget pays for"),
    edit("one too few", FIRST, "ordered[max(paid - 1, 0)]",
         "one fewer rises than the budget pays for"),
    edit("rounded up", "math.floor", "math.ceil",
         "the number that rises is rounded up, beyond the budget"),
    body("a quantile", """
        share = min(max((budget - cheap) / dear, 0), 1)
        return float(np.quantile(sureness, share)) if share < 1 else math.inf""",
         "a quantile lies between two questions; the sureness of a question is wanted"),
    edit("all the same", PICK, "return ordered[min(max(paid, 0), len(ordered) - 1)]",
         "if the budget pays for all, the surest has to rise as well: infinity"),
    edit("counted from behind", PICK, "return ordered[paid] if paid < len(ordered) else math.inf",
         "with a budget below the specialists' price the number that rises is negative, and "
         "indexes from the end"),
    edit("nobody", PICK,
         "return (ordered[paid] if paid > 0 else -math.inf) if paid < len(ordered) else math.inf",
         "if the budget pays for none, the lowest sureness is wanted: nothing is below it"),
    edit("not sorted", "sorted(sureness)", "list(sureness)",
         "the sureness is not sorted: this is that of any question"),
    edit("each once", "sorted(sureness)", "sorted(set(sureness))",
         "equally sure ones are counted once, but each of them is paid"),
    body("each once, counted all", """
        ordered = sorted(set(sureness))
        paid = max(math.floor(len(sureness) * (budget - cheap) / dear + 1e-9), 0)
        return ordered[paid] if paid < len(ordered) else math.inf""",
         "equally sure ones are one place in this order; each needs a place of its own"),
    edit("a share", PICK, "return max(paid, 0) / len(ordered)",
         "this is the share that may rise; the sureness that parts them from the others is wanted"),
)

# 20.3  Hard ones rise

ESCALATE = "lessons.l20_company_of_models.company:escalate"

ESCALATE_VARIANTS = variants(ESCALATE,
    body("with a mask", """
        answers, sure, bill = small(questions)
        mask = np.asarray(sure) < threshold
        if mask.any():
            better, _, more = large([q for q, rises in zip(questions, mask) if rises])
            better, bill = iter(better), bill + more
            answers = [next(better) if rises else a for a, rises in zip(answers, mask)]
        return list(answers), bill"""),
    body("with a dictionary", """
        answers, sure, bill = small(questions)
        hard = [q for q, s in zip(questions, sure) if not s >= threshold]
        found = dict(zip(questions, answers))
        if hard:
            told = large(hard)
            found.update(zip(hard, told[0]))
            bill = bill + told[2]
        return [found[q] for q in questions], bill"""),
)

ASK, TURN = "large([questions[i] for i in rises])", "sure[i] < threshold"

ESCALATE_WRONG = mistakes(ESCALATE,
    body("all asked", """
        answers, sure, bill = small(questions)
        better, _, more = large(questions)
        told = zip(answers, better, sure)
        return [b if s < threshold else a for a, b, s in told], bill + more""",
         "the large network is asked, and paid, about all questions"),
    edit("turned", TURN, "sure[i] > threshold", "the sure ones rise"),
    edit("ties rise", TURN, "sure[i] <= threshold",
         "a question exactly as sure as the threshold does not rise"),
    edit("specialists for nothing", "bill += more", "bill = more",
         "the specialists' bill is forgotten if something rises"),
    edit("the large network for nothing", "bill += more", "pass",
         "the large network's bill is forgotten"),
    body("the sure ones' bill", """
        answers, sure, bill = small(questions)
        rises = [i for i in range(len(questions)) if sure[i] < threshold]
        if rises:
            better, _, more = large([questions[i] for i in rises])
            for i, answer in zip(rises, better):
                answers[i] = answer
            bill = bill * (len(questions) - len(rises)) / len(questions) + more
        return answers, bill""",
         "the specialist is not paid for questions that rise; it has answered them too"),
    body("answers behind", """
        answers, sure, bill = small(questions)
        rises = [i for i in range(len(questions)) if sure[i] < threshold]
        kept = [answers[i] for i in range(len(questions)) if i not in rises]
        if rises:
            better, _, more = large([questions[i] for i in rises])
            kept, bill = kept + better, bill + more
        return kept, bill""",
         "answers are no longer in the order of the questions"),
    body("the first ones", """
        answers, sure, bill = small(questions)
        rises = [i for i in range(len(questions)) if sure[i] < threshold]
        if rises:
            better, _, more = large([questions[i] for i in rises])
            answers[: len(better)] = better
            bill += more
        return answers, bill""",
         "the large network's answers are put in the first places, not where they belong"),
    edit("thrown away", "answers[i] = answer", "pass",
         "the large network's answers are paid for, and thrown away"),
    body("the surer one", """
        answers, sure, bill = small(questions)
        rises = [i for i in range(len(questions)) if sure[i] < threshold]
        if rises:
            better, doubt, more = large([questions[i] for i in rises])
            for i, answer, s in zip(rises, better, doubt):
                answers[i] = answer if s > sure[i] else answers[i]
            bill += more
        return answers, bill""",
         "the surer of two answers is kept; the last one asked is to be believed"),
    body("one call a question", """
        answers, sure, bill = small(questions)
        for i, question in enumerate(questions):
            if sure[i] < threshold:
                told, _, more = large([question])
                answers[i], bill = told[0], bill + more
        return answers, bill""",
         "the large network is called once for each question; call it once about all that rise"),
    body("small ones one by one", """
        told = [small([question]) for question in questions]
        answers, bill = [one[0][0] for one in told], sum(one[2] for one in told)
        rises = [i for i in range(len(questions)) if told[i][1][0] < threshold]
        if rises:
            better, _, more = large([questions[i] for i in rises])
            for i, answer in zip(rises, better):
                answers[i] = answer
            bill += more
        return answers, bill""",
         "the specialists are called once for each question; call them once about all"),
    body("both one by one", """
        answers, bill = [], 0.0
        for question in questions:
            told, sure, price = small([question])
            bill += price
            if sure[0] < threshold:
                told, _, price = large([question])
                bill += price
            answers.append(told[0])
        return answers, bill""",
         "both are called once for each question; each call costs something, so ask together"),
    edit("an empty list", "if rises:", "if True:",
         "the large network is called about nothing if nothing rises, and the call is paid"),
    edit("probabilities", TURN, "np.exp(sure[i]) < threshold",
         "sureness and threshold are both logarithms; one was turned into a probability"),
)
