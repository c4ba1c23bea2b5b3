"""A look at a target before anything is sampled: what its functions return, by tracing them once.

The trace is that of the program which evaluates draws later, so that it is not made twice.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError, RetrodictError
from retrodict.base.types import Array, PyTree
from retrodict.inference.evaluate import FAULTS, broken, trace
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, Quantity, promoted

RESERVED: Final = ("chain", "draw", "latent", "z", "log_weight")  # in the groups of a result
HOUSE: Final = "retrodict."  # modules whose targets have tests of their own
T = TypeVar("T")


def examine(target: AbstractTarget) -> None:
    """Refuse a target whose functions cannot be what a method needs; nothing is computed.

    Args:
        target: any target.

    Raises:
        InputError: naming the function and what it returns: `init`, `log_density` or `derived`, or of a `Posterior` its
            ansatz, forward model, likelihood or `derive`; also for data that are not finite and unusable names.
    """
    _check_quantities(target)
    if isinstance(target, Posterior):
        _check_data(target)
    start = _shapes(f"init of {_name(target)}", target.init, jr.key(0))
    _check_start(target, start)
    if type(target).__module__.startswith(HOUSE) and not isinstance(target, AbstractLeastSquares):
        return
    try:
        trace(target, promoted(target, start))
    except RetrodictError as error:
        raise error.with_traceback(None) from None
    except FAULTS as error:
        if isinstance(target, Posterior):
            _find_part(target)
        raise broken(f"a function of {_name(target)}", error) from error


def _check_quantities(target: AbstractTarget) -> None:
    where = f"quantities of {_name(target)}"
    quantities = tuple(target.quantities)
    odd = [quantity for quantity in quantities if not isinstance(quantity, Quantity)]
    if odd:
        raise InputError("a quantity is described by a Quantity", where=where, got=repr(odd[0]), fix='Quantity("x")')
    counts = Counter(quantity.name for quantity in quantities)
    for name, count in counts.items():
        if count > 1:
            raise InputError("two quantities have the same name", where=where, got=repr(name))
        if not name or "/" in name or name in RESERVED:
            why = f"files of results use {', '.join(RESERVED)} themselves, and / for groups"
            raise InputError("a quantity cannot have this name", where=where, got=repr(name), why=why)


def _check_data(target: Posterior) -> None:
    """Every number of the data is finite."""
    for name, term in (target.likelihood.terms or {"": target.likelihood}).items():
        for leaf in jax.tree.leaves(term.data):
            values = np.asarray(leaf)
            bad = np.argwhere(~np.isfinite(values)) if values.dtype.kind in "fc" else np.empty((0, 1))
            if bad.size:
                index = tuple(bad[0])
                raise InputError(
                    f"data number {', '.join(map(str, index))} is not finite" + (f" ({name})" if name else ""),
                    where=f"likelihood of {_name(target)}",
                    got=str(values[index]),
                    fix="remove the datum",
                )


def _check_start(target: AbstractTarget, start: PyTree[jax.ShapeDtypeStruct]) -> None:
    where = f"init of {_name(target)}"
    leaves = jax.tree.leaves(start)
    if not leaves or not all(jnp.issubdtype(leaf.dtype, jnp.number) for leaf in leaves):
        got = ", ".join(str(leaf.dtype) for leaf in leaves) or "nothing"
        raise InputError("a starting point is made of arrays of numbers", where=where, got=got)
    if isinstance(target, AbstractLeastSquares):
        shapes = [leaf.shape for leaf in leaves]
        if shapes != [(target.dim,)]:
            expected = f"one array of shape ({target.dim},), as `dim` says"
            raise InputError("a starting point has another shape", where=where, got=str(shapes), expected=expected)


def _find_part(target: Posterior) -> None:
    """Raise for the first of the modules that fails by itself."""
    z = jnp.zeros(target.dim)
    _shapes(f"ansatz {_name(target.ansatz)}", target.unknown, z)
    forward = f"forward model {_name(target.forward)}"
    found = _shapes(forward, lambda z: target.forward(target.unknown(z)), z)
    if not (isinstance(found, tuple) and len(found) == 2):
        raise InputError(
            "a forward model returns a prediction and whether it is valid",
            where=forward,
            got=f"{type(found).__name__}" + (f" of {len(found)}" if isinstance(found, tuple) else ""),
            fix="return prediction, jnp.asarray(True)",
        )
    likelihood = f"likelihood {_name(target.likelihood)}"
    _shapes(likelihood, lambda z: _residual(target, z), z)
    _shapes(f"derive of {_name(target)}", target.derived, z)


def _residual(target: Posterior, z: Array) -> Array:
    found = target.forward_pass(z)
    return target.likelihood.at(found.nuisance).residual(found.prediction)


def _shapes(where: str, function: Callable[..., T], argument: PyTree) -> T:
    """Shapes and types of what a function returns. Raises `InputError` if it fails."""
    try:
        return eqx.filter_eval_shape(function, argument)
    except RetrodictError:
        raise
    except FAULTS as error:
        raise broken(where, error) from error


def _name(thing: object) -> str:
    return type(thing).__name__
