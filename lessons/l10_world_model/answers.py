"""Answers to the exercises of lesson 10 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 10
        python -m lessons.engine.mistakes 10.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 10.1  How much probability is on moves that the map allows?

DOORS = "lessons.lab.worlds.judging:on_open_doors"

DOORS_VARIANTS = variants(DOORS,
    body("one history after another", """
        found = []
        for said, door in zip(logprobs, doors):
            p = np.exp(said[moves])
            found.append(p[door].sum() / p.sum())
        return np.array(found)"""),
    body("one minus the walls", """
        p = np.exp(logprobs)[:, moves]
        return 1 - np.where(doors, 0, p).sum(axis=1) / p.sum(axis=1)"""),
    body("log-sum-exp", """
        some = logprobs[:, moves]
        through = np.logaddexp.reduce(np.where(doors, some, -np.inf), axis=1)
        return np.exp(through - np.logaddexp.reduce(some, axis=1))"""),
)

DOORS_WRONG = mistakes(DOORS,
    edit("all characters", " / some.sum(axis=1)", "",
         "reports count as well: this is a share of everything that may come next. Divide by "
         "the probability of the four moves"),
    edit("no exp", "np.exp(logprobs[:, moves])", "logprobs[:, moves]",
         "logarithms are added up as if they were probabilities; take exp first"),
    edit("a mean of logarithms", "(some * doors).sum(axis=1) / some.sum(axis=1)",
         "np.exp((logprobs[:, moves] * doors).sum(axis=1) / doors.sum(axis=1))",
         "this is a geometric mean, from a mean of logarithms; probabilities of moves add up"),
    edit("the favourite alone", "(some * doors).sum(axis=1) / some.sum(axis=1)",
         "(doors[np.arange(len(doors)), some.argmax(axis=1)]).astype(float)",
         "this asks whether the likeliest move is possible; all four count, by their "
         "probability"),
    edit("walls left out below", "some.sum(axis=1)", "(some * doors).sum(axis=1)",
         "only open doors are in the denominator, so the share is always 1; walls belong there "
         "too"),
    edit("walls for doors", "some * doors", "some * ~doors",
         "this is the share on walls; the share on doors is 1 minus it"),
    edit("the first four columns", "logprobs[:, moves]", "logprobs[:, :4]",
         "the first four characters are taken for the moves; `moves` says which columns they are"),
    after("one number", "y.mean()",
          "all histories are averaged into one number; each has a share of its own"),
    edit("a mean over doors", "(some * doors).sum(axis=1) / some.sum(axis=1)",
         "(some * doors).sum(axis=1) / some.sum(axis=1) / doors.sum(axis=1)",
         "this is the mean share of a door; the share on all open doors together is wanted"),
)

# 10.2  Does it say the same in the same room, and something else in another?

APART = "lessons.lab.worlds.judging:told_apart"

APART_VARIANTS = variants(APART,
    body("pair by pair", """
        same, different = [], []
        for i in range(len(said)):
            for j in range(i):
                far = np.abs(said[i] - said[j]).sum() / 2
                (same if rooms[i] == rooms[j] else different).append(far)
        return float(np.mean(same)), float(np.mean(different))"""),
    whole("itertools, and what two rows share", """
        import itertools

        def told_apart(said, rooms):
            found = {True: [], False: []}
            for i, j in itertools.combinations(range(len(rooms)), 2):
                shared = np.minimum(said[i], said[j]).sum()
                found[bool(rooms[i] == rooms[j])].append(1 - shared)
            return np.mean(found[True]), np.mean(found[False])"""),
    whole("SciPy", """
        from scipy.spatial.distance import pdist

        def told_apart(said, rooms):
            far = pdist(said, "cityblock") / 2
            two = pdist(np.asarray(rooms, dtype=float)[:, None]) > 0
            return far[~two].mean(), far[two].mean()"""),
    body("each pair twice", """
        far = np.abs(said[:, None] - said[None]).sum(-1) / 2
        one = rooms[:, None] == rooms[None]
        other = ~np.eye(len(rooms), dtype=bool)
        return far[one & other].mean(), far[~one].mean()"""),
)

APART_WRONG = mistakes(APART,
    edit("a history with itself", "k=1", "k=0",
         "each history is also compared with itself, which is always 0; a pair has two histories"),
    edit("no half", ".sum(axis=2) / 2", ".sum(axis=2)",
         "the sum of absolute differences counts each difference twice, and goes up to 2: take "
         "half of it"),
    edit("exchanged", "float(far[pair & one].mean()), float(far[pair & ~one].mean())",
         "float(far[pair & ~one].mean()), float(far[pair & one].mean())",
         "the two have changed places: first the mean within a room, then between rooms"),
    edit("squares", "np.abs(said[:, None] - said[None]).sum(axis=2) / 2",
         "((said[:, None] - said[None]) ** 2).sum(axis=2) ** 0.5",
         "this is the Euclidean distance; total variation takes absolute differences, and half "
         "of their sum"),
    edit("no absolute values", "np.abs(said[:, None] - said[None])", "(said[:, None] - said[None])",
         "differences of either sign cancel, since each row sums to 1; take absolute values"),
    edit("the largest difference", ".sum(axis=2) / 2", ".max(axis=2)",
         "this is the largest difference of one choice; all choices count, half of their sum"),
    body("room by room", """
        far = np.abs(said[:, None] - said[None]).sum(axis=2) / 2
        one = rooms[:, None] == rooms[None]
        pair = np.triu(np.ones_like(one), k=1)
        within = []
        for room in np.unique(rooms):
            some = pair & one & (rooms == room)[:, None]
            if some.any():
                within.append(far[some].mean())
        return float(np.mean(within)), float(far[pair & ~one].mean())""",
         "each room's mean has the same weight here; every pair has the same weight"),
    body("against the mean of the room", """
        near = [said[rooms == room].mean(axis=0) for room in rooms]
        far = np.abs(said[:, None] - said[None]).sum(axis=2) / 2
        one = rooms[:, None] == rooms[None]
        return float(np.abs(said - near).sum(axis=1).mean() / 2), float(far[~one].mean())""",
         "histories are compared with the mean of their room; compare them with each other"),
    body("neighbours in the list", """
        far = np.abs(said[1:] - said[:-1]).sum(axis=1) / 2
        one = rooms[1:] == rooms[:-1]
        return (float(far[one].mean()) if one.any() else 0.0,
                float(far[~one].mean()) if (~one).any() else 0.0)""",
         "each history meets only the next one; all pairs count"),
)

# 10.3  Take a state out of one group and put it into another

MOVED = "lessons.lab.inside:moved"

MOVED_VARIANTS = variants(MOVED,
    body("state by state", """
        found = np.array(states, dtype=float)
        for i in range(len(found)):
            found[i] += means[now[i]] - means[was[i]]
        return found"""),
    body("what is left, then the new mean", """
        own = states - means[was]
        return means[now] + own"""),
    body("one-hot products", """
        hot = np.eye(len(means))
        return states + (hot[now] - hot[was]) @ means"""),
)

MOVED_WRONG = mistakes(MOVED,
    edit("the old group stays", " - means[was]", "",
         "the new group's mean is added and the old one's is not taken away: the state then says "
         "both"),
    edit("the mean itself", "states + means[now] - means[was]", "means[now] + 0 * states",
         "each state becomes the mean of its new group, and all else that it held is lost"),
    edit("the sign turned", "means[now] - means[was]", "means[was] - means[now]",
         "the change goes the other way: take away the old group's mean, add the new one's"),
    edit("the old group of the first", "means[was]", "means[was[0]]",
         "the old group of the first state is taken away from all; each has its own"),
    edit("the new group of the first", "means[now]", "means[now[0]]",
         "all states go to the new group of the first; each has its own"),
    edit("the mean of all", "means[was]", "means.mean(axis=0)",
         "the mean of all groups is taken away; it should be that of the state's old group"),
    body("unit length", """
        way = means[now] - means[was]
        return states + way / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)""",
         "the change has been brought to length 1; it should be as long as the means are apart"),
    edit("half of the way", "means[now] - means[was]", "(means[now] - means[was]) / 2",
         "the state stops half way between the two groups"),
)
