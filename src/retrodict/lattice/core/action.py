"""What a lattice action is: a target with a Euclidean action, a space for its field, and observables.

A sampler may keep of each configuration only what was measured on it: a `Measured` stands for the configuration
wherever the core asks for its log density or its derived quantities, so that ten thousand lattices need not be stored.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core.interactions import Interaction
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.problem.target import AbstractTarget, Estimated, Quantity

Precision = Literal[32, 64]  # bits of a real number
MEMORY: Final = 64 * 2**30  # bytes of fields and histories of one run: beyond, it is a slip of the pen
WORKING: Final = 4  # copies of a field in the course of a trajectory
MOST_SITES: Final = 2**28
MOST_AXES: Final = 6


class Measured(NamedTuple):
    """What is kept of a configuration."""

    log_density: Scalar
    derived: dict[str, Array]


class MeanFunction(NamedTuple):
    """A quantity that no single configuration has: a function of the means of observables, in the order of `needs`."""

    name: str
    needs: tuple[str, ...]
    function: Callable[[np.ndarray], float]
    label: str = ""
    unit: str = ""

    @property
    def about(self) -> Quantity:
        """Its description."""
        return Quantity(self.name, self.unit, self.label)


class AbstractAction(AbstractTarget):
    """A density exp(-S) over the fields of a periodic lattice; one configuration is one array, sites last."""

    space: eqx.AbstractVar[AbstractSpace]
    shape: eqx.AbstractVar[tuple[int, ...]]

    @abstractmethod
    def action(self, x: Array) -> Scalar:
        """S of one configuration."""

    @abstractmethod
    def gradient(self, x: Array) -> Array:
        """The gradient of S as a tangent vector of the field's space. Raises `InputError` for discrete fields."""

    @abstractmethod
    def hot(self, key: Key) -> Array:
        """A disordered start."""

    @abstractmethod
    def cold(self) -> Array:
        """An ordered start."""

    @abstractmethod
    def observables(self, x: Array) -> dict[str, Array]:
        """What is measured on one configuration, by the names of `quantities`."""

    @property
    @abstractmethod
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        """Susceptibilities and cumulants: what follows from means only."""

    @property
    @abstractmethod
    def slow(self) -> tuple[str, ...]:
        """The observables by which thermalisation is judged: those that forget the start last."""

    @property
    def decisive(self) -> tuple[str, ...]:
        """The slow ones: a sign that an exact symmetry leaves open need not flip for even quantities to be right."""
        return self.slow

    @property
    def interaction(self) -> Interaction | None:
        """The form of the action, where it is one that models are made for; None for any other."""
        return None

    @property
    def volume(self) -> int:
        """The number of sites."""
        return int(np.prod(self.shape))

    def init(self, key: Key) -> Array:
        """A disordered start."""
        return self.hot(key)

    def log_density(self, x: Any, /) -> Scalar:
        """-S, of a configuration or of what was measured on it."""
        return x.log_density if isinstance(x, Measured) else -self.action(x)

    def derived(self, x: Any, /) -> dict[str, Array]:
        """The observables of a configuration, or those that were measured on it."""
        return x.derived if isinstance(x, Measured) else self.observables(x)

    @property
    def unconstrained(self) -> bool:
        """Whether each number of a configuration may be any real number."""
        return isinstance(self.space, RealSpace)

    def estimates(
        self, derived: Mapping[str, np.ndarray], log_weight: np.ndarray, ancestor: np.ndarray | None
    ) -> tuple[Estimated, ...]:
        """Means of all observables and functions of them, with their errors (see `lattice.estimates`)."""
        from retrodict.lattice.core.estimates import estimates

        return estimates(self, derived, log_weight, ancestor)

    def files(self, final: np.ndarray) -> dict[str, bytes]:
        """The configurations at which the chains stand, as a stream that `read_configurations` reads."""
        from retrodict.lattice.io.saved_configurations import FILE, encode_configurations

        return {FILE: encode_configurations(self, final)}

    def measured(self, x: Array) -> Measured:
        """What is kept of one configuration, in float64."""
        values = {name: jnp.asarray(value, float) for name, value in self.observables(x).items()}
        return Measured(-jnp.asarray(self.action(x), float), values)


def described(*names: tuple[str, str]) -> tuple[Quantity, ...]:
    """Plain numbers by name and label."""
    return tuple(Quantity(name, label=label) for name, label in names)


def on_distances(name: str, extent: int, label: str) -> Quantity:
    """A function of the distance 0 ... extent - 1 in lattice units."""
    return Quantity(name, label=label, grid=tuple(map(float, range(extent))), grid_name="t", grid_unit="a")


def checked_shape(shape: tuple[int, ...], least: int = 1) -> tuple[int, ...]:
    """The extents of a lattice as a tuple of integers. Raises `InputError` for what is none."""
    shape = tuple(shape)
    if len(shape) < least or not all(isinstance(n, int | np.integer) and n >= 1 for n in shape):
        expected = f"{least} or more positive whole numbers"
        raise InputError("not the shape of a lattice", got=str(shape)[:80], expected=expected)
    if len(shape) > MOST_AXES or math.prod(shape) > MOST_SITES:
        expected = f"at most {MOST_AXES} dimensions and {MOST_SITES} sites"
        raise InputError("the lattice is too large", got=" x ".join(map(str, shape))[:80], expected=expected)
    return tuple(int(n) for n in shape)


def require_memory(action: AbstractAction, side_by_side: int, steps: int, method: str) -> None:
    """Raise `InputError` for fields, or histories of what is measured, beyond `MEMORY`; nothing is allocated."""
    field = jax.eval_shape(action.cold)
    measured = jax.tree.leaves(jax.eval_shape(action.measured, field))
    history = steps * 8 * sum(leaf.size for leaf in measured)
    wanted = side_by_side * (WORKING * field.size * field.dtype.itemsize + history)
    if wanted > MEMORY:
        raise InputError(
            f"{method} would need {wanted / 2**30:.0f} GiB for its fields and histories",
            got=f"{side_by_side} x {field.size} numbers, {steps} steps",
            expected=f"at most {MEMORY // 2**30} GiB",
            fix="fewer chains (or particles), fewer draws, or a smaller lattice",
        )


def require_action(target: AbstractTarget, method: str) -> None:
    """Raise `InputError` unless `target` is a lattice action."""
    if not isinstance(target, AbstractAction):
        got, fix = type(target).__name__, "method.kind: NUTS"
        raise InputError(f"{method} samples lattice actions", got=got, expected="a target with an action", fix=fix)


def real_dtype(precision: int) -> Any:
    """The NumPy type of real numbers of 32 or 64 bits."""
    if precision not in (32, 64):
        raise InputError("fields have 32 or 64 bits", got=f"precision={precision}", expected="32 or 64")
    return np.dtype(np.float32 if precision == 32 else np.float64)
