"""Do personas in the prompt bring back what a collapsed model has lost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from synthdata.personas.laboratory import config as config
    from synthdata.personas.laboratory import experiment as experiment
    from synthdata.personas.laboratory import run as run
    from synthdata.personas.laboratory import steps as steps
    from synthdata.personas.profiles import Profile as Profile
    from synthdata.personas.profiles import controls as controls
    from synthdata.personas.profiles import profile as profile
    from synthdata.personas.prompting import LONGEST as LONGEST
    from synthdata.personas.prompting import PersonaTexts as PersonaTexts
    from synthdata.personas.prompting import answers as answers
    from synthdata.personas.prompting import distinct as distinct
    from synthdata.personas.prompting import told as told

__getattr__, __dir__ = attributes(
    __name__,
    {
        "Profile": "synthdata.personas.profiles",
        "controls": "synthdata.personas.profiles",
        "profile": "synthdata.personas.profiles",
        "LONGEST": "synthdata.personas.prompting",
        "PersonaTexts": "synthdata.personas.prompting",
        "answers": "synthdata.personas.prompting",
        "distinct": "synthdata.personas.prompting",
        "told": "synthdata.personas.prompting",
        "config": "synthdata.personas.laboratory",
        "experiment": "synthdata.personas.laboratory",
        "run": "synthdata.personas.laboratory",
        "steps": "synthdata.personas.laboratory",
    },
)
