r"""Nuisances: normalisations, backgrounds and shared systematics, latents with a prior beside those of the ansatz.

A systematic error that several data have in common is one more unknown number. With its prior as the push-forward of a
standard normal latent it is inferred together with the unknown, and every posterior is marginalised over it. For a
normal prior and a linear model this is the same as a correlated covariance: with $y = a(x + \sigma\nu)$ and
$\nu \sim N(0, 1)$, $C = D + \sigma^2 a a^T$. Other priors have no such covariance.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from retrodict.base.errors import InputError
from retrodict.base.types import Scalar
from retrodict.problem.prior import LogNormal, Normal, Uniform
from retrodict.problem.target import Quantity

PartT = TypeVar("PartT")
Select = Callable[[Any], PartT] | Callable[[Any, Mapping[str, Scalar]], PartT]


@dataclass(frozen=True)
class Nuisance:
    """One number that the data depend on and nobody asks for.

    A term of a likelihood gets its value by name: `term.of(lambda prediction, nuisance: nuisance["scale"] *
    prediction)`. Its posterior is reported beside the derived quantities.

    Args:
        name: key in the mapping that terms get, and name of the reported quantity.
        prior: distribution before the data, in `unit`.
        unit: unit of the value, empty for a pure number.
        label: for axes and tables, in LaTeX or plain text; the name if empty.

    Example:
        >>> Nuisance("scale", Normal(1.0, 0.05)).quantity.name
        'scale'
    """

    name: str
    prior: Normal | LogNormal | Uniform
    unit: str = ""
    label: str = ""

    @property
    def quantity(self) -> Quantity:
        """How its value is reported."""
        return Quantity(self.name, self.unit, self.label)


def select_with(select: Select[PartT], prediction: Any, nuisance: Mapping[str, Scalar]) -> PartT:
    """The part of a prediction that a likelihood looks at.

    Args:
        select: a function of the prediction, or of the prediction and the nuisances.
        prediction: what the forward model returns.
        nuisance: values by name.

    Raises:
        InputError: if `select` asks for a nuisance that is not there.
    """
    call: Callable[..., PartT] = select
    return call(prediction, _Values(nuisance)) if _takes_two(select) else call(prediction)


class _Values(dict[str, Scalar]):
    """Values by name, with an error in words for a name that the posterior does not have."""

    def __missing__(self, name: str) -> Scalar:
        raise InputError(
            f"a likelihood asks for the nuisance {name!r}, which the posterior does not have",
            got=", ".join(self) or "no nuisances",
            fix=f'Posterior(..., nuisances=(Nuisance("{name}", Normal(1.0, 0.05)),))',
        )


def _takes_two(select: Callable[..., Any]) -> bool:
    """Whether `select` wants the nuisances, too: it has a second positional argument without a default."""
    try:
        parameters = inspect.signature(select).parameters.values()
    except (TypeError, ValueError):  # callables written in C, such as operator.attrgetter
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters) > 1
