"""It only ever tells three jokes: one output says nothing, the population everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from synthdata.three_jokes.generators import Generator as Generator
    from synthdata.three_jokes.generators import Lines as Lines
    from synthdata.three_jokes.generators import config as config
    from synthdata.three_jokes.generators import of_dial as of_dial
    from synthdata.three_jokes.generators import of_gpt as of_gpt
    from synthdata.three_jokes.generators import of_jokes as of_jokes
    from synthdata.three_jokes.laboratory import experiment as experiment
    from synthdata.three_jokes.laboratory import family as family
    from synthdata.three_jokes.laboratory import judge as judge
    from synthdata.three_jokes.laboratory import loss as loss
    from synthdata.three_jokes.laboratory import population as population
    from synthdata.three_jokes.laboratory import run as run
    from synthdata.three_jokes.laboratory import steps as steps
    from synthdata.three_jokes.profiles import Profile as Profile
    from synthdata.three_jokes.profiles import profile as profile

__getattr__, __dir__ = attributes(
    __name__,
    {
        "Profile": "synthdata.three_jokes.profiles",
        "profile": "synthdata.three_jokes.profiles",
        "Generator": "synthdata.three_jokes.generators",
        "Lines": "synthdata.three_jokes.generators",
        "config": "synthdata.three_jokes.generators",
        "of_dial": "synthdata.three_jokes.generators",
        "of_gpt": "synthdata.three_jokes.generators",
        "of_jokes": "synthdata.three_jokes.generators",
        "experiment": "synthdata.three_jokes.laboratory",
        "family": "synthdata.three_jokes.laboratory",
        "judge": "synthdata.three_jokes.laboratory",
        "loss": "synthdata.three_jokes.laboratory",
        "population": "synthdata.three_jokes.laboratory",
        "run": "synthdata.three_jokes.laboratory",
        "steps": "synthdata.three_jokes.laboratory",
    },
)
