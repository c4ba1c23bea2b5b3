"""All classical methods on one data set: their spread is a lower bound of the systematic error."""

from collections.abc import Callable
from functools import partial
from typing import Final

from retrodict.spectral.classical.alpha import bryan, classic, historic, kink
from retrodict.spectral.classical.entropy import burnier_rothkopf, maximum_entropy
from retrodict.spectral.classical.gaussian_process import gaussian_process
from retrodict.spectral.classical.problem import LinearProblem, Reconstruction
from retrodict.spectral.classical.smeared import narrow_reconstruction, smeared_reconstruction
from retrodict.spectral.classical.tikhonov import cross_validation, tikhonov

Method = Callable[[LinearProblem], Reconstruction]

#: Estimates of rho itself, all positive but the Gaussian process.
ESTIMATES: Final[tuple[Method, ...]] = (
    partial(maximum_entropy, rule=historic),
    partial(maximum_entropy, rule=classic),
    partial(maximum_entropy, rule=bryan),
    partial(maximum_entropy, rule=kink),
    partial(maximum_entropy, rule=bryan, of_ratio=True),
    partial(burnier_rothkopf, rule=historic),
    partial(burnier_rothkopf, rule=bryan),
    tikhonov,
    partial(tikhonov, choice=cross_validation),
    gaussian_process,
)

#: Smeared densities beside them.
SMEARED: Final[tuple[Method, ...]] = (smeared_reconstruction, narrow_reconstruction)

DEFAULT: Final[tuple[Method, ...]] = ESTIMATES + SMEARED


def baseline_methods() -> dict[str, Method]:
    """The classical methods by name; a method with several rules for its regulator is one.

    Example:
        >>> list(baseline_methods())[:2]
        ['maximum entropy', 'burnier rothkopf']
    """
    functions = [method.func if isinstance(method, partial) else method for method in DEFAULT]
    return {function.__name__.replace("_", " "): function for function in functions}


def compare_methods(problem: LinearProblem, methods: tuple[Method, ...] = DEFAULT) -> tuple[Reconstruction, ...]:
    """Apply several methods to one problem.

    Args:
        problem: the data with kernel, grid and default model.
        methods: functions of the problem.

    Returns:
        One reconstruction a method, in the order given.
    """
    return tuple(method(problem) for method in methods)
