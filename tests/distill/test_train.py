"""Distilling with the loop: gradients, portions, caches, costs and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from distill import cache as caching
from distill import losses, teachers, views
from distill.comparison import costs
from distill.distillation import Distillation, distill, seen_loss
from distill.onpolicy import OnPolicy
from distill.settings import DistillConfig, portion
from distill.teachers import EnsembleTeacher, ModelTeacher, NGramTeacher
from minigpt import corpora
from minigpt.evaluate import score
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.saved.state import State
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import Batch, draw_windows, next_char_loss, train

CORPUS = corpora.load("storyland:20000")
TOKENIZER = CharTokenizer.from_text(CORPUS.text)
IDS = TOKENIZER.encode(CORPUS.train)
SHAPE = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
STUDENT = TrainConfig(
    steps=40,
    batch_size=8,
    device="cpu",
    precision="fp32",
    threads=1,
    model=SHAPE,
    muon_lr=0.04,
    adamw_lr=1e-2,
    warmup=5,
)
TRUTH = StorylandModel(smoothing=1e-3)


def batch(n: int = 4) -> Batch:
    return draw_windows(torch.from_numpy(IDS), 32, n, torch.Generator().manual_seed(0))


def test_without_a_teacher_it_is_the_plain_loss(make_gpt: Callable) -> None:
    loss = Distillation(None, IDS, TOKENIZER, DistillConfig(alpha=0))
    torch.testing.assert_close(loss(make_gpt(), batch()), next_char_loss(make_gpt(), batch()))


def test_a_student_that_is_the_teacher_loses_nothing(make_gpt: Callable) -> None:
    loss = Distillation(ModelTeacher(make_gpt()), IDS, TOKENIZER, DistillConfig(alpha=1))
    assert abs(loss(make_gpt(), batch()).item()) < 1e-5


def test_bayes_loss_of_the_truth(make_gpt: Callable) -> None:
    """Against the true source, cross-entropy with labels = KL + entropy, on average."""
    truth = StorylandModel()
    config = DistillConfig(alpha=1)
    windows = batch(64)
    kl = Distillation(truth, IDS, TOKENIZER, config)(make_gpt(), windows).item()
    said = truth.logprobs(windows.ids.numpy()).astype(np.float64)
    entropy = -(np.exp(said) * np.where(np.isfinite(said), said, 0)).sum(-1).mean()
    logq = make_gpt()(windows.ids).log_softmax(-1).detach().double().numpy()
    cross = -(np.exp(said) * logq).sum(-1).mean()
    assert kl == pytest.approx(cross - entropy, rel=1e-4)


def test_parts_of_a_batch_give_the_gradient_of_the_whole(make_gpt: Callable) -> None:
    mask = np.arange(len(IDS)) % 3 > 0
    mask[: len(IDS) // 2] = True  # parts have different numbers that count
    loss = Distillation(TRUTH, IDS, TOKENIZER, DistillConfig(alpha=0.5), mask=mask)
    found = []
    for size in (4, 2):
        model, whole = make_gpt(), batch()
        for i in range(0, 4, size):
            some = slice(i, i + size)
            part = Batch(whole.ids[some], whole.targets[some], whole.starts[some])
            (loss(model, part) * size / 4).backward()
        found.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


def test_a_masked_character_teaches_nothing(make_gpt: Callable) -> None:
    """Neither its label nor what the teacher says at its place counts; the rest counts as before.

    The student that is trained everywhere but there equals one whose teacher and labels say
    something else there.
    """
    e = int(TOKENIZER.encode("e")[0])
    mask = e != IDS
    lies = IDS.copy()
    lies[~mask] = e - 1

    class Liar(StorylandModel):
        def logprobs(self, ids: np.ndarray) -> np.ndarray:
            said = super().logprobs(ids)
            hit = np.roll(ids, -1, axis=1) == e
            hit[:, -1] = windows.targets.numpy()[:, -1] == e
            said[hit] = np.roll(said[hit], 3, axis=-1)
            return said

    windows, found = batch(), []
    for teacher, labels in ((TRUTH, IDS), (Liar(smoothing=1e-3), lies)):
        config = DistillConfig(alpha=0.5)
        loss = Distillation(teacher, IDS, TOKENIZER, config, labels=labels, mask=mask)
        model = make_gpt()
        loss(model, windows).backward()
        found.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=0)
    model = make_gpt()
    Distillation(TRUTH, IDS, TOKENIZER, DistillConfig(alpha=0.5))(model, windows).backward()
    everywhere = torch.cat([p.grad.flatten() for p in model.parameters()])
    assert (everywhere - found[0]).norm() > 0.01 * everywhere.norm()


@pytest.mark.parametrize("kind", ["topk", "sampled"])
def test_the_mask_reaches_sparse_targets(tmp_path: Path, kind: str, make_gpt: Callable) -> None:
    settings = caching.CacheConfig(context=32, kind=kind, k=4)  # type: ignore[arg-type]
    cache = caching.build(tmp_path, TRUTH, IDS, settings)
    none = np.zeros(len(IDS), dtype=bool)
    loss = Distillation(None, IDS, TOKENIZER, DistillConfig(alpha=1), cache=cache, mask=none)
    assert loss(make_gpt(), batch()).item() == 0


def test_a_cached_run_equals_the_live_one(tmp_path: Path, make_gpt: Callable) -> None:
    """On the windows that the cache has: gradients to float16's tolerance."""
    teacher = ModelTeacher(make_gpt(7))
    cache = caching.build(tmp_path, teacher, IDS, caching.CacheConfig(context=32))
    config = DistillConfig(alpha=0.9)
    kept = Distillation(teacher, IDS, TOKENIZER, config, cache=cache)
    live = Distillation(teacher, IDS, TOKENIZER, config)
    at = batch()
    on_grid = Batch(at.ids, at.targets, torch.from_numpy(cache.snap(at.starts.numpy())))
    gradients = []
    for loss, windows in ((kept, at), (live, on_grid)):
        model = make_gpt()
        loss(model, windows).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters()]))
    assert (gradients[0] - gradients[1]).norm() / gradients[1].norm() < 2e-3


@pytest.mark.parametrize("kind", ["topk", "sampled"])
def test_sparse_targets_train(tmp_path: Path, kind: str) -> None:
    cache = caching.build(
        tmp_path,
        TRUTH,
        IDS,
        caching.CacheConfig(context=32, kind=kind, k=8),  # type: ignore
    )
    result = distill(STUDENT, None, CORPUS, DistillConfig(alpha=1), cache=cache)
    assert result.val_loss < 2.6  # ln 27 is 3.3
    with pytest.raises(ValueError, match="temperature"):
        distill(STUDENT, None, CORPUS, DistillConfig(temperature=2), cache=cache)
    with pytest.raises(ValueError, match="forward"):
        distill(STUDENT, None, CORPUS, DistillConfig(direction="reverse"), cache=cache)


def test_alpha_zero_is_the_loop_itself() -> None:
    config = replace(STUDENT, steps=5)
    plain = train(config, portion(CORPUS, 0.2))
    same = distill(config, None, CORPUS, DistillConfig(alpha=0, data_fraction=0.2))
    assert same.val_loss == plain.val_loss


def test_the_truth_teaches_better_than_few_labels() -> None:
    """One seed, deterministic: with 3 % of a small text and the source itself as teacher."""
    few = DistillConfig(alpha=0, data_fraction=0.05)
    config = replace(STUDENT, steps=120)
    labels = distill(config, None, CORPUS, few)
    taught = distill(config, TRUTH, CORPUS, replace(few, alpha=1.0))
    assert taught.judge_loss < labels.judge_loss - 0.02


def test_a_portion_is_a_prefix_and_holds_out_the_same() -> None:
    part = portion(CORPUS, 0.05)
    assert CORPUS.train.startswith(part.train)
    assert len(part.train) == 900
    assert (part.choose, part.judge) == (CORPUS.choose, CORPUS.judge)
    assert portion(CORPUS, 1) is CORPUS


def test_views_reach_the_student_and_not_the_targets() -> None:
    blind = DistillConfig(alpha=0, student_view=views.masked(1.0))
    result = distill(STUDENT, None, CORPUS, blind)
    unigram = np.bincount(IDS) / len(IDS)
    held = np.bincount(TOKENIZER.encode(CORPUS.held_out), minlength=len(unigram))
    floor = -(held * np.log(np.maximum(unigram, 1e-9))).sum() / held.sum()
    assert result.val_loss > floor - 0.05  # blind, it can know no more than frequencies
    assert result.val_loss < floor + 0.4


def test_seen_loss_with_nothing_hidden_is_the_score(make_gpt: Callable) -> None:
    model, held = make_gpt(), TOKENIZER.encode(CORPUS.held_out)[:500]
    right = score(model, held).nats
    assert seen_loss(model, held, views.full()) == pytest.approx(right, rel=1e-6)
    assert seen_loss(model, held, views.noisy(0.0)) == pytest.approx(right, rel=1e-5)
    assert seen_loss(model, held, views.shortened(32)) == pytest.approx(right, rel=1e-6)


# What it costs.


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_flops_are_those_that_torch_counts(optimizer: str) -> None:
    config = replace(STUDENT, optimizer=optimizer, model=replace(SHAPE, n_layer=2))  # type: ignore
    model = GPT(config.model, TOKENIZER, torch.Generator().manual_seed(0))
    state, windows = State(config, model), batch(8)
    with FlopCounterMode(display=False) as counter:
        F.cross_entropy(model(windows.ids).flatten(0, 1), windows.targets.flatten()).backward()
        for one in state.optimizers:
            one.step()
    counted = counter.get_total_flops()
    assert costs.step_flops(config, len(TOKENIZER)) == pytest.approx(counted, rel=0.02)
    with FlopCounterMode(display=False) as counter:
        ModelTeacher(model).logprobs(windows.ids.numpy())
    told = 8 * costs.teacher_flops(ModelTeacher(model), 32)
    assert told == pytest.approx(counter.get_total_flops(), rel=0.02)


@pytest.mark.parametrize("attention", ["softmax", "convolution"])
def test_flops_of_a_window_are_those_that_torch_counts(attention: str) -> None:
    """Exactly: the counter knows matrix products alone, and so do we."""
    shape = replace(SHAPE, n_layer=2, attention=attention)  # type: ignore[arg-type]
    model = GPT(shape, TOKENIZER, torch.Generator().manual_seed(0))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(3, 20, dtype=torch.int64))
    counted = counter.get_total_flops()
    assert counted == 3 * costs.forward_flops(shape, len(TOKENIZER), 20)


def test_equal_compute_gives_labels_more_steps(make_gpt: Callable) -> None:
    """A teacher like the student: a forward pass to a forward and a backward of two: 4/3."""
    config = replace(STUDENT, steps=300, optimizer="adamw")
    assert costs.equal_compute_steps(config, ModelTeacher(make_gpt()), len(TOKENIZER)) == 400
    counting = NGramTeacher.fit(CORPUS.train, TOKENIZER)
    assert 300 <= costs.equal_compute_steps(config, counting, len(TOKENIZER)) <= 303


def test_an_n_gram_that_teaches_its_own_text_is_asked_by_place(make_gpt: Callable) -> None:
    """What it says of a window is what the counts of the other folds say, however it is asked."""
    counting, model = NGramTeacher.fit(CORPUS.train, TOKENIZER, folds=5), make_gpt()
    told = counting.logprobs_at(batch().ids.numpy(), batch().starts.numpy())
    right = losses.kd(model(batch().ids).flatten(0, 1), torch.from_numpy(told).flatten(0, 1))
    config = DistillConfig(alpha=1)
    for loss in (
        Distillation(counting, IDS, TOKENIZER, config),
        OnPolicy(model, counting, config),
    ):
        torch.testing.assert_close(loss(model, batch()), right)
    with pytest.raises(ValueError, match="another one"):
        Distillation(counting, IDS[1:], TOKENIZER, config)
    half = NGramTeacher.fit(CORPUS.train[:9000], TOKENIZER, folds=5)
    with pytest.raises(ValueError, match="another one"):
        distill(STUDENT, half, CORPUS, DistillConfig(alpha=1, on_policy=0.5))


class Watched(GPT):
    """A teacher that notes in what precision it is asked, and where its weights are."""

    asked: frozenset[tuple[str, str]] = frozenset()

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        self.asked |= {(self.precision, self.head.weight.device.type)}
        return super().logprobs(ids)


@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("on_policy", [0.0, 0.5])
def test_a_teacher_computes_as_the_run_does(precision: str, on_policy: float) -> None:
    """It ran in float32 on the CPU beside a student in bfloat16, or on a graphics card."""
    one, two = Watched(SHAPE, TOKENIZER), Watched(SHAPE, TOKENIZER)
    two.precision = "bf16"
    student = replace(STUDENT, steps=2, precision=precision)  # type: ignore[arg-type]
    both = EnsembleTeacher([ModelTeacher(one), two])
    distill(student, both, CORPUS, DistillConfig(on_policy=on_policy))
    assert one.asked == two.asked == {(precision, "cpu")}
    assert (one.precision, two.precision) == ("fp32", "bf16")  # as they were


def test_a_teacher_goes_where_it_is_asked_to(make_gpt: Callable) -> None:
    """To the device `meta`, which every machine has, as it would to a graphics card."""
    teacher = ModelTeacher(make_gpt())
    teachers.join(views.shortened(9).through(teacher), torch.device("meta"), "bf16")
    assert teacher.model.head.weight.device.type == "meta"
    assert teacher.model.precision == "bf16"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_teacher_computes_on_the_graphics_card() -> None:
    teacher = Watched(SHAPE, TOKENIZER)
    student = replace(STUDENT, steps=2, device="cuda", precision="bf16")
    distill(student, teacher, CORPUS, DistillConfig())
    assert teacher.asked == {("bf16", "cuda")}
    assert teacher.head.weight.device.type == "cpu"


# What is refused.


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"alpha": 1.5}, "alpha"),
        ({"alpha": -0.1}, "alpha"),
        ({"temperature": 0.0}, "temperature"),
        ({"data_fraction": 0.0}, "data_fraction"),
        ({"beta": 2.0}, "beta"),
        ({"label_noise": 1.0}, "label_noise"),
        ({"on_policy": -0.5}, "on_policy"),
        ({"prompt": 0}, "prompt"),
    ],
)
def test_settings_check_themselves(setting: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DistillConfig(**setting)


def test_what_cannot_be_distilled(make_gpt: Callable) -> None:
    other = GPT(SHAPE, CharTokenizer("ab"))
    with pytest.raises(ValueError, match="id 0 is 'a' to the teacher"):
        distill(STUDENT, ModelTeacher(other), CORPUS, DistillConfig())
    same = make_gpt()
    with pytest.raises(ValueError, match="the teacher is the student"):
        distill(STUDENT, ModelTeacher(same), CORPUS, DistillConfig(), init=same)
    with pytest.raises(ValueError, match="needs a teacher"):
        distill(STUDENT, None, CORPUS, DistillConfig(alpha=0.5))
    huge = replace(STUDENT, model=GPTConfig(n_layer=500, n_head=8, n_embd=65_536, context=64))
    with pytest.raises(ValueError, match="GB of memory at least"):
        distill(huge, TRUTH, CORPUS, DistillConfig())
