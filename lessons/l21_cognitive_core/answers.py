"""Answers to the exercises of lesson 21 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 21
        python -m lessons.engine.mistakes 21.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 21.1  Bits remembered

BITS = "lessons.lab.worlds.facts:bits_remembered"

BITS_VARIANTS = variants(BITS,
    body("a loop", """
        total = 0.0
        for row in logprobs:
            total += math.log2(choices)
            for logp in row[len(row) - length:]:
                total += logp / math.log(2)
        return max(total, 0.0)"""),
    body("a product of chances", """
        n = len(logprobs)
        value = logprobs[:, logprobs.shape[1] - length:]
        return max(0.0, (value.sum() + n * np.log(choices)) / np.log(2))"""),
)

VALUE, NATS, KNOWS = "[:, -length:]", "/ np.log(2)", "np.log2(choices)"

BITS_WRONG = mistakes(BITS,
    edit("nats", NATS, "", "the logarithms are natural ones; divide by ln 2 for bits"),
    edit("all nats", f"{NATS}\n    return max(0.0, float(({KNOWS}",
         "\n    return max(0.0, float((np.log(choices)",
         "this is the right amount in nats, not bits"),
    edit("from the left", VALUE, "[:, 6:]", "where a value begins is counted from the left; it is "
         "the last `length` columns, however long a key is"),
    edit("two characters", VALUE, "[:, -2:]",
         "a value has `length` characters, which are not always two"),
    edit("676 values", KNOWS, "np.log2(676)", "there are `choices` values, not always 676"),
    edit("a mean character", ".sum(axis=1)", ".mean(axis=1)",
         "this is the mean of a value's characters; their logarithms are to be added"),
    edit("key counted", VALUE, "", "the key's characters are counted as well; nobody is to "
         "remember those"),
    edit("one character", VALUE, "[:, -1:]", "only the value's last character is counted"),
    edit("the first ones", VALUE, "[:, :length]",
         "these are the first characters, the key's; the value stands at the end"),
    edit("choices a character", KNOWS, "length * np.log2(choices)",
         "`choices` counts values, not characters: it is not to be multiplied by their length"),
    edit("each above 0", "max(0.0, float((np.log2(choices) - paid).sum()))",
         "float(np.maximum(np.log2(choices) - paid, 0).sum())",
         "each fact is kept at 0 or more; so lucky guesses count, and unlucky ones do not"),
    edit("below 0", "max(0.0, float((np.log2(choices) - paid).sum()))",
         "float((np.log2(choices) - paid).sum())",
         "it may be negative; a memory has 0 bits at least"),
    edit("a mean", "paid).sum()", "paid).mean()", "this is the mean of a fact; the sum is wanted"),
    body("chances times bits", """
        p = np.exp(logprobs[:, -length:].sum(axis=1))
        return float((p * np.log2(choices)).sum())""",
         "each fact's bits are multiplied by the probability of its value; what is paid for a "
         "value is the logarithm of its probability"),
    body("what was paid", """
        return float(-logprobs[:, -length:].sum() / np.log(2))""",
         "this is what is paid; wanted is how much less that is than by guessing"),
)

# 21.2  Questions that nobody has been asked

HOPS = "lessons.lab.worlds.facts:two_hop"

HOPS_VARIANTS = variants(HOPS,
    body("a loop", """
        learn, judge = [], []
        for person, town in towns.items():
            learn.append(person + "=" + town)
        for town in colours:
            learn.append(town + "=" + colours[town])
        for person in towns:
            text = f"{person}={towns[person]},{towns[person]}={colours[towns[person]]}"
            if person in judged:
                judge.append(text)
            else:
                learn.append(text)
        return learn, judge"""),
    body("two passes", """
        def asked(some):
            people = [p for p in towns if (p in judged) == some]
            return [f"{p}={towns[p]},{towns[p]}={colours[towns[p]]}" for p in people]
        learn = [f"{key}={value}" for file in (towns, colours) for key, value in file.items()]
        return learn + asked(False), asked(True)"""),
)

MINE, THEIRS = "if who not in judged]", "if who in judged]"
PERSONS = "for person, town in towns.items()]"

HOPS_WRONG = mistakes(HOPS,
    edit("all asked", MINE, "]",
         "of those who are judged both facts in one are learned as well"),
    edit("all judged", THEIRS, "]",
         "everybody is judged, those too of whom both facts in one were learned"),
    edit("changed places", "return learn, [text for who, text in both.items() if who in judged]",
         "return [text for who, text in both.items() if who in judged], learn",
         "the two lists have changed places"),
    edit("the other half", MINE, THEIRS,
         "both facts in one are learned of those who are judged"),
    edit("facts of half", PERSONS, "for person, town in towns.items() if person not in judged]",
         "the towns of those who are judged are missing: nobody could know them"),
    edit("towns split too", "for town, colour in colours.items()]",
         "for town, colour in colours.items()\n"
         "            if town in {towns[p] for p in towns if p not in judged}]",
         "a town is left out if only those who are judged live there; its colour is no secret"),
    edit("no colours", 'one += [f"{town}{IS}{colour}" for town, colour in colours.items()]', "",
         "the colours of the towns are missing"),
    edit("order of judged", "[text for who, text in both.items() if who in judged]",
         "[both[who] for who in judged]",
         "what is judged stands in the order of `judged`; the order of `towns` is wanted"),
    edit("town once", "{SO}{town}{IS}{colours[town]}", "{SO}{colours[town]}",
         "the town is not said again before the colour: `person=town,town=colour`"),
    edit("a blank", "{SO}{town}", "{SO} {town}", "there is a blank behind the comma"),
    edit("single facts only", "one + [text for who, text in both.items() if who not in judged]",
         "one", "both facts in one are missing, of those who are not judged"),
    edit("both facts first", "one + [text for who, text in both.items() if who not in judged]",
         "[text for who, text in both.items() if who not in judged] + one",
         "both facts in one stand before the single facts; they come last"),
    edit("not aloud", "{IS}{town}{SO}{town}{IS}{colours[town]}", "{IS}{colours[town]}",
         "the town is not said before the colour"),
    edit("facts judged", "return learn, [text", "return learn, [f'{p}=' + towns[p] for p in towns "
         "if p in judged] + [text", "facts of the judged are among what is judged; they were "
         "learned from"),
    edit("facts alone", "learn = one + ", "learn = ",
         "single facts are missing: only two in one are learned from"),
)

# 21.3  The runtime

CALLS = "lessons.lab.tools:run_calls"

CALLS_VARIANTS = variants(CALLS,
    body("bracket by bracket", """
        made, start = question, None
        for i, character in enumerate(written):
            made += character
            if character == "[":
                start = i
            elif character == "]" and start is not None:
                parts = written[start + 1 : i].split(" ")
                if len(parts) == 2 and all(parts):
                    made += files.get(parts[0], {}).get(parts[1], "?")
                start = None
        return made"""),
    body("from piece to piece", """
        import re
        made, done = question, 0
        for call in re.finditer(r"\\[([^\\[\\] ]+) ([^\\[\\] ]+)\\]", written):
            made += written[done : call.end()]
            file = files[call.group(1)] if call.group(1) in files else {}
            made += file[call.group(2)] if call.group(2) in file else "?"
            done = call.end()
        return made + written[done:]"""),
)

SUB, GET = "return question + CALL.sub(answered, written)", "files.get(call[1], {})"

CALLS_WRONG = mistakes(CALLS,
    edit("the question's calls", SUB, "return CALL.sub(answered, question + written)",
         "calls in the question are run; only those that the model wrote may be"),
    edit("the file's calls", SUB, """
    made, done = written, 0
    while (call := CALL.search(made, done)) is not None:
        made = made[: call.end()] + answered(call)[len(call[0]) :] + made[call.end() :]
        done = call.end()
    return question + made""",
         "a call within a file's answer is run; what a file says is text, and no order"),
    edit("in the call's place", "return call[0] + ", "return ",
         "the answer takes the call's place; it belongs behind the bracket"),
    edit("before the bracket", "return call[0] + files.get(call[1], {}).get(call[2], UNKNOWN)",
         "return call[0][:-1] + files.get(call[1], {}).get(call[2], UNKNOWN) + ']'",
         "the answer stands before the closing bracket"),
    edit("the first alone", "CALL.sub(answered, written)", "CALL.sub(answered, written, count=1)",
         "only the first call is answered"),
    edit("keys that are not there", ".get(call[2], UNKNOWN)", "[call[2]]",
         "a key that is not in the file is an error; it is to be answered by `?`"),
    edit("files that are not there", GET, "files[call[1]]",
         "a file that there is not is an error; it is to be answered by `?`"),
    edit("nothing for unknown keys", "call[2], UNKNOWN)", "call[2], '')",
         "for what is not there nothing comes back; `?` is wanted"),
    edit("letters and digits", r"\[([^\[\] ]+) ([^\[\] ]+)\]", r"\[(\w+) (\w+)\]",
         "a key such as kavel-2 is not found: a word is all but brackets and blanks"),
    edit("anything", r"\[([^\[\] ]+) ([^\[\] ]+)\]", r"\[(.+?) (.+?)\]",
         "`.+?` takes in brackets and blanks as well, which no word of a call has"),
    edit("empty is unknown", "files.get(call[1], {}).get(call[2], UNKNOWN)",
         "(files.get(call[1], {}).get(call[2]) or UNKNOWN)",
         "a file's empty text is answered by `?`; that is for what is not there"),
    body("two blanks", """
        import re
        def answered(call):
            parts = call[1].split()
            if len(parts) != 2:
                return call[0]
            return call[0] + files.get(parts[0], {}).get(parts[1], "?")
        return question + re.sub(r"\\[([^\\[\\]]*)\\]", answered, written)""",
         "split() lets two blanks pass, or one in front; a call has one blank, between its words"),
    body("each time twice", """
        import re
        for file, key in re.findall(r"\\[([^\\[\\] ]+) ([^\\[\\] ]+)\\]", written):
            text = f"[{file} {key}]"
            written = written.replace(text, text + files.get(file, {}).get(key, "?"))
        return question + written""",
         "a call that is there twice is answered twice each time: replace() changes every place"),
    edit("once a text", SUB, """
    for call in set(CALL.findall(written)):
        text = f"[{call[0]} {call[1]}]"
        told = files.get(call[0], {}).get(call[1], UNKNOWN)
        at = written.index(text) + len(text)
        written = written[:at] + told + written[at:]
    return question + written""",
         "a call that is there twice is answered once"),
    edit("without the question", SUB, "return CALL.sub(answered, written)",
         "the question is missing"),
    edit("any file", f"{GET}.get(call[2], UNKNOWN)",
         "next((f[call[2]] for f in files.values() if call[2] in f), UNKNOWN)",
         "the key is looked up in whatever file has it; the call names its file"),
)
