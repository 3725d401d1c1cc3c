"""It only ever tells three jokes: one output says nothing, the population everything.

Idea:   a generator that has k favourites left of N still tells good ones. A judge of a single text
        that has not met this generator cannot know that; one that has met it knows at once (AUC 1 -
        k/2N). A test of the population needs no such acquaintance, and a model that learns from the
        collection suffers from what is missing.
Source: the claim is Andrej Karpathy's (No Priors, 2024); tests: `judges`, `comparison`.
Run:    python -m synthdata three-jokes --profile ci
Omits:  human judges.

Three families of generators, each with one healthy and one collapsed collection, are judged and
tested: `dial` (made-up documents), `jokes` (a fetched corpus, if it is on this machine) and `gpt`
(`synthdata.three_jokes.generators`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from minigpt import corpora
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer
from synthdata.comparison.compare import compare
from synthdata.three_jokes.evidence import TESTED, Evidence, Family, Judged, Result
from synthdata.three_jokes.generators import Generator, of_dial, of_gpt, of_jokes
from synthdata.three_jokes.judges import Judge, auc
from synthdata.three_jokes.profiles import Profile


def experiment(
    settings: Profile,
    seeds: Sequence[int] = (0, 1, 2),
    report: Callable[[str], None] | None = None,
) -> Result:
    """Run all seeds; `report` is called with each step. ValueError without a seed."""
    if not seeds:
        raise ValueError("seeds are at least 1, got 0")
    return Result(profile=settings, evidence=tuple(run(settings, s, report) for s in seeds))


def steps(settings: Profile) -> int:
    """Number of calls of `report` per seed."""
    return len(settings.left) + 1 + settings.gpts


def run(settings: Profile, seed: int = 0, report: Callable[[str], None] | None = None) -> Evidence:
    """Run all families for one seed."""
    tell = report or (lambda _: None)
    families = []
    for k in settings.left:
        made = [of_dial(settings, k, [seed, k, i]) for i in range(settings.generators)]
        families.append(family(f"dial {k}/{settings.size}", made, settings, seed))
        tell(families[-1].name)
    missing = ""
    try:
        told = corpora.jokes(offline=True)
    except corpora.CorpusUnavailable as error:
        missing = f"jokes are left out: {error}"
    else:
        made = [of_jokes(settings, told, [seed, i]) for i in range(settings.generators)]
        families.append(family("jokes", made, settings, seed))
    tell("jokes")
    made = []
    for i in range(settings.gpts):
        made.append(of_gpt(settings, 1000 * seed + i))
        tell(f"GPT {i + 1}")
    families.append(family("gpt", made, settings, seed))
    return Evidence(seed=seed, families=tuple(families), missing=missing)


def family(name: str, made: Sequence[Generator], settings: Profile, seed: int = 0) -> Family:
    """Judge all generators: the naive judge learns from those outside a generator's fold.

    There are two folds or, with fewer than ten generators, as many as generators.
    """
    folds = 2 if len(made) >= 10 else len(made)
    judged: dict[int, Judged] = {}
    for fold in range(folds):
        inside = range(fold, len(made), folds)
        others = [g for i, g in enumerate(made) if i not in inside]
        naive = Judge.fit(
            [text for g in others for text in g.collapsed[: settings.n]],
            [text for g in others for text in g.healthy[: settings.n]],
        )
        for i in inside:
            judged[i] = judge(made[i], naive, settings, seed)
    return Family(
        name=name,
        expected=made[0].informed,
        judged=tuple(judged[i] for i in range(len(made))),
    )


def judge(made: Generator, naive: Judge, settings: Profile, seed: int = 0) -> Judged:
    """Judge one generator: judges and test on its second n texts, learning from the last ones."""
    n, learned = settings.n, made.learned
    well, ill = made.healthy[n : 2 * n], made.collapsed[n : 2 * n]
    informed = Judge.fit(made.collapsed[:n], made.healthy[:n])
    p, ratio = population(ill, well, settings.permutations, seed)
    p_null, ratio_null = population(made.healthy[:n], well, settings.permutations, seed)
    alphabet = CharTokenizer.from_text("\n".join([*made.healthy, *made.collapsed, *made.real, ""]))
    ill_parts, well_parts = naive.parts(ill), naive.parts(well)
    return Judged(
        naive=auc(naive.score(ill), naive.score(well)),
        informed=auc(informed.score(ill), informed.score(well)),
        p=p,
        p_null=p_null,
        ratio=ratio,
        ratio_null=ratio_null,
        loss_healthy=loss(made.healthy[-learned:], made.real, alphabet),
        loss_collapsed=loss(made.collapsed[-learned:], made.real, alphabet),
        loss_tenth=loss(made.healthy[-(learned // 10) :], made.real, alphabet),
        naive_parts={kind: auc(ill_parts[kind], well_parts[kind]) for kind in ill_parts},
    )


def population(
    ill: Sequence[str], well: Sequence[str], permutations: int, seed: int = 0
) -> tuple[float, float]:
    """Smallest corrected p of the meter's comparison, and the ratio of effective documents."""
    found = compare(
        ill, well, match="size", quantities=TESTED, permutations=permutations, seed=seed
    )
    p = min(found.differences[name].p_holm for name in TESTED)
    return p, found.differences["documents_hill1"].ratio.value


def loss(texts: Sequence[str], real: Sequence[str], alphabet: CharTokenizer) -> float:
    """Nats/char on real texts of a Kneser-Ney n-gram that learned from `texts`."""
    model = NGram.fit("\n".join(texts) + "\n", alphabet)
    return -float(model.logprob_of(alphabet.encode("\n".join(real) + "\n")).mean())
