"""Several predictors as one, often better than the best of them: `minigpt.mixture.mixture`.

`members` says what they know before a character comes, `gate` whom to believe when, `mixture` is
the predictor. None of them needs torch, unless a member does.
"""

from minigpt.mixture.gate import Gate, fit
from minigpt.mixture.members import Reading, read
from minigpt.mixture.mixture import Mixture
from minigpt.mixture.remembered import Remembered

__all__ = ["Gate", "Mixture", "Reading", "Remembered", "fit", "read"]
