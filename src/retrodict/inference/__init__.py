"""One inference algorithm a file; diagnostics, identifiability, verdict, validation; `infer`."""

from collections.abc import Mapping
from typing import Final

METHODS: Final[Mapping[str, str]] = {  # that serve any target, by the word of a config
    "ConstrainedHMC": "retrodict.inference.constrained_hmc:ConstrainedHMC",
    "Ensemble": "retrodict.inference.ensemble:Ensemble",
    "Importance": "retrodict.inference.importance:Importance",
    "Laplace": "retrodict.inference.laplace:Laplace",
    "MAP": "retrodict.inference.map:MAP",
    "NUTS": "retrodict.inference.nuts:NUTS",
    "SequentialMonteCarlo": "retrodict.inference.smc:SequentialMonteCarlo",
    "Train": "retrodict.inference.train:Train",
}
