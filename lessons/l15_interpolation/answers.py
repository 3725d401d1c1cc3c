"""Answers to the exercises of lesson 15 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 15
        python -m lessons.engine.mistakes 15.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, before, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 15.1  The nearest example

NEAREST = "lessons.l15_interpolation.gaps:nearest"

NEAREST_VARIANTS = variants(NEAREST,
    body("all at once", """
        apart = np.abs(asked[:, None].astype(int) - seen[None].astype(int))
        return apart.max(-1).min(-1)"""),
    body("lists", """
        return [
            min(max(abs(int(a) - int(c)), abs(int(b) - int(d))) for c, d in seen)
            for a, b in asked
        ]"""),
    body("growing squares", """
        shown, found = {(int(a), int(b)) for a, b in seen}, []
        for a, b in asked.tolist():
            d = 0
            while not any(
                (a + x, b + y) in shown for x in range(-d, d + 1) for y in range(-d, d + 1)
            ):
                d += 1
            found.append(d)
        return np.array(found)"""),
)

NEAREST_WRONG = mistakes(NEAREST,
    body("wraps round", """
        return np.array([np.abs(seen - pair).max(axis=1).min() for pair in asked])""",
         "differences of uint8 wrap round: 3 - 5 is 254 there; turn them into int64 first"),
    edit("both ways added", "apart.max(axis=1)", "apart.sum(axis=1)",
         "the two differences are added (Manhattan); the larger one counts"),
    edit("as the crow flies", "apart.max(axis=1).min()",
         "np.sqrt((apart**2).sum(axis=1)).min()",
         "this is the straight-line distance (Euclid); the larger of the two differences counts"),
    edit("which one", ".min())", ".argmin())",
         "this says which example is nearest; asked is how far it is"),
    edit("the smaller", "apart.max(axis=1)", "apart.min(axis=1)",
         "the smaller of the two differences is taken; the larger one counts"),
    edit("the farthest", ".min())", ".max())",
         "this is the distance to the farthest example"),
    edit("on average", ".min())", ".mean())",
         "this is the mean distance to all examples; only the nearest one counts"),
    before("changed places", "seen, asked = asked, seen",
           "seen and asked have changed places: for each pair in asked the nearest one in seen"),
    edit("first numbers alone", "apart.max(axis=1)", "apart[:, 0]",
         "only the first numbers are compared"),
    edit("itself left out", "found.append(apart.max(axis=1).min())",
         "far = apart.max(axis=1)\n        found.append(far[far > 0].min())",
         "an example that is asked is 0 away from itself; it must not be left out"),
)

# 15.2  Parts that were shown

PARTS = "lessons.l15_interpolation.gaps:parts_seen"

PARTS_VARIANTS = variants(PARTS,
    body("tables", """
        shown = np.zeros((2, 10, 10), dtype=bool)
        shown[0][tuple((seen % 10).T)] = True
        shown[1][tuple((seen // 10).T)] = True
        return shown[0][tuple((asked % 10).T)] & shown[1][tuple((asked // 10).T)]"""),
    body("digits as text", """
        def parts(pair):
            a, b = (f"{int(number):02d}" for number in pair)
            return [(place, a[place], b[place]) for place in (0, 1)]
        known = {part for pair in seen for part in parts(pair)}
        return [all(part in known for part in parts(pair)) for pair in asked]"""),
    body("numbers for parts", """
        ones = 10 * (seen % 10)[:, 0] + (seen % 10)[:, 1]
        tens = 10 * (seen // 10)[:, 0] + (seen // 10)[:, 1]
        return np.isin(10 * (asked % 10)[:, 0] + (asked % 10)[:, 1], ones) & np.isin(
            10 * (asked // 10)[:, 0] + (asked // 10)[:, 1], tens
        )"""),
)

PARTS_WRONG = mistakes(PARTS,
    body("digits for pairs", """
        tens, ones = (seen // 10, seen % 10)
        return np.array([
            all(p[i] // 10 in tens[:, i] and p[i] % 10 in ones[:, i] for i in (0, 1))
            for p in asked])""",
         "single digits are looked up; a part is the pair of both numbers' digits at a place"),
    body("either place", """
        parts = {tuple(p) for place in (seen % 10, seen // 10) for p in place}
        return np.array([tuple(p % 10) in parts and tuple(p // 10) in parts for p in asked])""",
         "a pair shown at one place counts at the other too; ones and tens are apart"),
    body("either order", """
        ones, tens = ({tuple(sorted(pair)) for pair in place} for place in (seen % 10, seen // 10))
        return np.array([
            tuple(sorted(p % 10)) in ones and tuple(sorted(p // 10)) in tens for p in asked])""",
         "the order of the two digits is lost: (2, 7) is another part than (7, 2)"),
    edit("one part is enough", "in ones and tuple", "in ones or tuple",
         "one of the two parts is enough here; both must have been shown"),
    body("in one example", """
        return np.array([
            any((p == q).all() for q in seen) for p in asked])""",
         "the whole sum is looked up; its parts may have been shown in different examples"),
    edit("tens alone", "tuple(p % 10) in ones and tuple(p // 10) in tens", "tuple(p // 10) in tens",
         "only the tens are looked up; the ones have to have been shown as well"),
    edit("ones alone", "tuple(p % 10) in ones and tuple(p // 10) in tens", "tuple(p % 10) in ones",
         "only the ones are looked up; the tens have to have been shown as well"),
    body("carries too", """
        def tens(pair):
            return (*(pair // 10), sum(pair % 10) > 9)
        known = {tens(p) for p in seen}
        ones = {tuple(p % 10) for p in seen}
        return np.array([tuple(p % 10) in ones and tens(p) in known for p in asked])""",
         "the tens are looked up together with the carry; carries play no role here"),
)

# 15.3  At equal distance

EQUAL = "lessons.l15_interpolation.gaps:at_equal_distance"

DIFFERENCES = "float(np.mean(differences))"

EQUAL_VARIANTS = variants(EQUAL,
    body("sorted into lists", """
        rows = {}
        for d, g, r in zip(distance.tolist(), group.tolist(), right.tolist()):
            rows.setdefault(d, ([], []))[int(g)].append(r)
        both = [pair for pair in rows.values() if pair[0] and pair[1]]
        return sum(sum(b) / len(b) - sum(a) / len(a) for a, b in both) / len(both)"""),
    body("counts", """
        d = distance - distance.min()
        n = [np.bincount(d[side], minlength=d.max() + 1) for side in (group, ~group)]
        k = [np.bincount(d[side], right[side], minlength=d.max() + 1) for side in (group, ~group)]
        both = (n[0] > 0) & (n[1] > 0)
        return (k[0][both] / n[0][both] - k[1][both] / n[1][both]).mean()"""),
)

EQUAL_WRONG = mistakes(EQUAL,
    edit("thrown together", DIFFERENCES, "right[group].mean() - right[~group].mean()",
         "all distances are thrown together, so near sums are compared with far ones; take the "
         "difference within each distance first"),
    body("weighted by the group", """
        differences, weights = [], []
        for d in np.unique(distance):
            here = distance == d
            if group[here].any() and not group[here].all():
                differences.append(right[here & group].mean() - right[here & ~group].mean())
                weights.append((here & group).sum())
        return float(np.average(differences, weights=weights))""",
         "distances are weighted by the size of the group there; each counts the same"),
    body("weighted by all", """
        differences, weights = [], []
        for d in np.unique(distance):
            here = distance == d
            if group[here].any() and not group[here].all():
                differences.append(right[here & group].mean() - right[here & ~group].mean())
                weights.append(here.sum())
        return float(np.average(differences, weights=weights))""",
         "distances are weighted by how many sums they have; each counts the same"),
    edit("the others first", "right[here & group].mean() - right[here & ~group].mean()",
         "right[here & ~group].mean() - right[here & group].mean()",
         "the difference is turned round: the group's share comes first"),
    body("means of shares", """
        inside = [right[(distance == d) & group].mean() for d in np.unique(distance[group])]
        outside = [right[(distance == d) & ~group].mean() for d in np.unique(distance[~group])]
        return float(np.mean(inside) - np.mean(outside))""",
         "a distance with one side alone is counted on that side; it has to be left out"),
    body("0 for nothing", """
        differences = []
        for d in np.unique(distance):
            here = distance == d
            both = group[here].any() and not group[here].all()
            differences.append(
                right[here & group].mean() - right[here & ~group].mean() if both else 0.0)
        return float(np.mean(differences))""",
         "a distance with one side alone counts as a difference of 0; it has to be left out"),
    edit("added up", DIFFERENCES, "float(np.sum(differences))",
         "the differences are added up; asked is their mean"),
    edit("the group against all", "right[here & ~group].mean()", "right[here].mean()",
         "the group is compared with all sums, itself among them; compare it with the others"),
    after("in points", "100 * y", "these are points of a hundred; shares are from 0 to 1"),
)
