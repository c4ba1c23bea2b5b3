"""The parts of a posterior of this analysis: what its report and its baselines start from."""

from typing import Final, NamedTuple

import numpy as np

from retrodict.base.errors import InputError
from retrodict.hadron.quarkonium.analysis import Derived, Rows
from retrodict.hadron.quarkonium.potentials import GaussianProcessPart, Medium, NeuralPart
from retrodict.hadron.quarkonium.spectrum import InMediumSpectrum
from retrodict.hadron.quarkonium.states import QuarkoniumStates, State
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import Gaussian, Selected
from retrodict.problem.posterior import Posterior

_NONE: Final = (np.nan, np.nan)


class Setup(NamedTuple):
    """What a posterior is made of."""

    medium: Medium  # temperatures and radii
    forward: InMediumSpectrum
    derive: Derived
    data: QuarkoniumStates


def setup_of(target: Posterior) -> Setup:
    """The parts of a posterior.

    Args:
        target: the posterior of a complex potential.

    Raises:
        InputError: for the posterior of something else.
    """
    ansatz, forward, derive = target.ansatz, target.forward, target.derive
    known = isinstance(ansatz, GaussianProcessPart | NeuralPart)
    if not (known and isinstance(forward, InMediumSpectrum) and isinstance(derive, Derived)):
        raise InputError("this is not the posterior of a heavy-quark potential", got=type(forward).__name__)
    return Setup(ansatz.medium, forward, derive, _data(target, ansatz.medium, forward))


def _data(target: Posterior, medium: Medium, forward: InMediumSpectrum) -> QuarkoniumStates:
    """The data of a likelihood as a table again."""
    states = tuple(State(n, angular) for n, angular in forward.states)
    found: dict[tuple[int, int], dict[str, tuple[float, float]]] = {}
    for term in target.likelihood.terms.values():
        selected = term.likelihood if isinstance(term, Labelled) else term
        assert isinstance(selected, Selected)
        rows, gaussian = selected.select, selected.likelihood
        assert isinstance(rows, Rows)
        assert isinstance(gaussian, Gaussian)
        places = zip(rows.warm.tolist(), rows.state.tolist(), strict=True)
        numbers = zip(gaussian.mean.tolist(), gaussian.covariance.root.tolist(), strict=True)
        for place, number in zip(places, numbers, strict=True):
            found.setdefault(place, {})[rows.name] = number
    table = np.array([[*row.get("mass", _NONE), *row.get("width", _NONE)] for row in found.values()]).T
    temperature = np.asarray(medium.temperature)[[warm for warm, _ in found]]
    return QuarkoniumStates(temperature, tuple(states[state] for _, state in found), *table)
