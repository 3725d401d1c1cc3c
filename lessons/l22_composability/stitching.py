"""The lower blocks of one network under the upper blocks of another, with or without a dictionary.

Idea:   a network's stream behind some blocks is a language of its own. Put the upper half of B on
        the lower half of A, and it reads a stream whose axes mean something else. A linear map at
        the seam, fitted on both nets' streams for the same text, is a dictionary from the one to
        the other. It can be computed, or trained, or left out while halves are trained.
Source: stitching: Lenc & Vedaldi 2015, arXiv:1411.5908; Bansal et al. 2021, arXiv:2106.07682.
Run:    used by experiment.py and lesson.py beside this file
Omits:  seams at several places, and maps that are not linear.

Legend: N characters, E and F widths, B batch, T time. A state is a network's tensors by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from minigpt.model import GPT, Block

Part = Literal["seam", "lower", "upper", "all"]
PARTS = get_args(Part)


def stitch(lower: Mapping[str, Any], upper: Mapping[str, Any], cut: int) -> dict[str, Any]:
    """The state of a network that reads with `lower` and goes on with `upper`.

    The first `cut` blocks ("blocks.0. ...", "blocks.1. ...") and the embeddings ("embed...") are
    those of `lower`; the other blocks, the last norm and the head those of `upper`.

    >>> a, b = ({"embed": net, "blocks.0.w": net, "blocks.1.w": net, "head": net} for net in "AB")
    >>> "".join(stitch(a, b, 1).values())
    'AABB'
    """

    def below(name: str) -> bool:
        if name.startswith("blocks."):
            return int(name.split(".")[1]) < cut
        return name.startswith("embed")

    kept = {name: value for name, value in lower.items() if below(name)}
    return kept | {name: value for name, value in upper.items() if not below(name)}


def seam(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The map [E, F] and the offset [F] that bring x [N, E] nearest to y [N, F]: x @ map + offset.

    Least squares. If some features of x follow from others, the smallest of the best maps.

    >>> turn, offset = seam(np.array([[0.0], [1.0], [2.0]]), np.array([[5.0], [8.0], [11.0]]))
    >>> turn.round(6).tolist(), offset.round(6).tolist()
    ([[3.0]], [5.0])
    """
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    turn = np.linalg.lstsq(x - x_mean, y - y_mean, rcond=None)[0]
    return turn, y_mean - x_mean @ turn


def average_weights(states: Sequence[Mapping[str, Any]], shares: Sequence[float]) -> dict[str, Any]:
    """Each tensor's mean over networks of one shape, weighted by `shares`, which may sum to any
    number above 0.

    >>> average_weights([{"w": 1.0}, {"w": 4.0}], [2, 1])
    {'w': 2.0}
    """
    total = sum(shares)
    return {
        name: sum(share * state[name] for state, share in zip(states, shares)) / total
        for name in states[0]
    }


class Seam(nn.Module):
    """A block with a linear map before it: the dictionary between two networks."""

    def __init__(self, block: Block, turn: np.ndarray, offset: np.ndarray) -> None:
        """turn [E, E] and offset [E], as `seam` gives them."""
        super().__init__()
        self.block = block
        self.turn = nn.Parameter(torch.tensor(turn, dtype=torch.float32))
        self.offset = nn.Parameter(torch.tensor(offset, dtype=torch.float32))

    @property
    def attention(self) -> nn.Module:
        """The block's, which the model looks for."""
        return self.block.attention

    def forward(self, x: Tensor, *others: Any) -> Tensor:
        """x [B, T, E] in the words of the upper network, and through the block: [B, T, E]."""
        return self.block(x @ self.turn + self.offset, *others)


def like(net: GPT, state: Mapping[str, Tensor]) -> GPT:
    """A network of the shape of `net`, with weights of its own."""
    made = GPT(net.config, net.tokenizer, torch.Generator())
    made.load_state_dict(dict(state))
    return made


def stitched(lower: GPT, upper: GPT, cut: int) -> GPT:
    """Both as one network; it shares no weight with them."""
    return like(upper, stitch(lower.state_dict(), upper.state_dict(), cut))


def with_seam(net: GPT, cut: int, turn: np.ndarray, offset: np.ndarray) -> GPT:
    """A copy of `net` with a linear map behind its first `cut` blocks, of which one is above."""
    made = like(net, net.state_dict())
    block = made.blocks[cut]
    assert isinstance(block, Block)
    made.blocks[cut] = Seam(block, turn, offset)
    return made


@torch.no_grad()
def turned(net: GPT, turn: np.ndarray) -> GPT:
    """A network that predicts the same, with other axes in its stream: x becomes x @ turn.

    turn [E, E] is a rotation. The norms must have no weights (RMS norm), since those belong to
    axes; ValueError if they have.
    """
    if any(weight.dim() < 2 for weight in net.parameters()):
        raise ValueError("this network's norms or biases have axes of their own; take RMS norm")
    q, made = torch.tensor(turn, dtype=torch.float32), like(net, net.state_dict())
    for name, weight in made.named_parameters():
        writes = name.endswith(("project.weight", "narrow.weight"))
        weight.copy_(q.T @ weight if writes else weight @ q)
    return made


@torch.no_grad()
def streams(net: GPT, ids: np.ndarray, cut: int) -> np.ndarray:
    """What stands behind the first `cut` blocks for each character of ids [B, T]: [B * T, E]."""
    found = net.hidden(torch.from_numpy(ids.astype(np.int64)), cut)
    return found.flatten(0, 1).double().numpy()


def only(net: GPT, part: Part, cut: int) -> GPT:
    """`net`, of which training will change this part alone. The part "seam" needs one."""
    for name, weight in net.named_parameters():
        below = name.startswith(("embed", *(f"blocks.{i}." for i in range(cut))))
        where = "lower" if below else "upper"
        if name.endswith((".turn", ".offset")):
            where = "seam"
        weight.requires_grad_(part in (where, "all"))
    return net
