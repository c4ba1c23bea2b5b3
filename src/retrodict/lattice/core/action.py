"""What a lattice action is: a target with a Euclidean action, a space for its field, and observables.

An action states what samplers, files and reports need to know of it: embedded Ising spins for cluster updates, links
for the heat bath, exact expectation values, the layout of its configurations, a picture of one. So a theory is one
file, and no sampler, reader or report asks for a theory by its name.

A sampler may keep of each configuration only what was measured on it: a `Measured` stands for the configuration
wherever the core asks for its log density or its derived quantities, so that ten thousand lattices need not be stored.
"""

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Inexact

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Array, Float, Int, Key, Scalar
from retrodict.lattice.core import configurations
from retrodict.lattice.core.estimates import MeanFunction, Observables, estimates
from retrodict.lattice.core.interactions import Interaction
from retrodict.lattice.core.limits import Precision, real_dtype
from retrodict.lattice.core.spaces import AbstractSpace, Field, Tangent
from retrodict.lattice.core.symmetries import Symmetry, of_sites
from retrodict.problem.target import AbstractTarget, Estimated

MEMORY_LIMIT: Final = 64 * 2**30  # bytes of fields and histories of one run; more is taken for a mistake in the config
FIELD_COPIES: Final = 4  # of a field in the course of a trajectory

Baseline: TypeAlias = Literal[
    "HMC",
    "HMC and winding",
    "Metropolis-adjusted Langevin",
    "clusters",
    "clusters and HMC",
    "heat bath",
    "shared flux",
    "sequential Monte Carlo",
]  # samplers by the names that a report gives them


class Measured(NamedTuple):
    """What is kept of a configuration.

    Args:
        log_density: -S.
        derived: the observables by name.
    """

    log_density: Float[Array, "..."]
    derived: dict[str, Float[Array, "..."]]


class EmbeddedSpins(NamedTuple):
    """Ising spins within a field: the signs of components c of S = -K sum c_x c_{x+mu} + terms of single sites.

    Args:
        coupling: K, of each bond between neighbours.
        complete: whether flips of clusters of these spins alone reach every configuration.
        draw: maps a field and a key to the components c, shape (*lattice), and to the function that flips all spins.
    """

    coupling: float | Scalar
    complete: bool
    draw: Callable[[Field, Key], tuple[Float[Array, "*lattice"], Callable[[Field], Field]]]


# Maps a key, w = U V as a quaternion and the weight in exp(weight Re tr(U V) / 2) to the element that multiplies U.
SubgroupDraw: TypeAlias = Callable[[Key, Float[Array, "4 *lattice"], Scalar], Float[Array, "4 *lattice"]]


class LinkUpdates(NamedTuple):
    """Links U with the conditional density exp(K Re tr(U V) / N), V being the sum of their staples.

    Args:
        coupling: K.
        update: maps a field, a direction, a key and a draw of SU(2) elements to the new links of that direction, all
            of them; only those of one parity may be taken, as neighbours enter V.
    """

    coupling: float | Scalar
    update: Callable[[Field, int, Key, SubgroupDraw], Field]


class Picture(NamedTuple):
    """What is drawn of a configuration.

    Args:
        values: one number a site, shape (*lattice).
        label: its name, in LaTeX.
        what: its name in a caption.
        period: its period, if it is an angle.
    """

    values: Float[np.ndarray, "*lattice"]
    label: str = r"$\phi$"
    what: str = "the field"
    period: float | None = None


class AbstractAction(AbstractTarget):
    """A density exp(-S) over the fields of a periodic lattice; one configuration is one array, sites last.

    Fields of a concrete action, by annotation:
        space: the manifold of the field.
        shape: extents of the lattice [a].
        precision: bits of the real numbers of a field, 32 or 64.
    """

    space: eqx.AbstractVar[AbstractSpace]  # manifold of the field
    shape: eqx.AbstractVar[tuple[int, ...]]  # extents of the lattice
    precision: eqx.AbstractVar[Precision]  # bits of a real number

    # --- the theory ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def action(self, x: Field) -> Scalar:
        """S of one configuration."""

    @abstractmethod
    def gradient(self, x: Field) -> Tangent:
        """The gradient of S as a tangent vector of the field's space. Raises `InputError` for discrete fields."""

    @abstractmethod
    def hot(self, key: Key) -> Field:
        """A disordered start."""

    @abstractmethod
    def cold(self) -> Field:
        """An ordered start."""

    @abstractmethod
    def observables(self, x: Field) -> dict[str, Float[Array, "..."]]:
        """What is measured on one configuration, by the names of `quantities`."""

    @property
    @abstractmethod
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        """Susceptibilities and cumulants: functions of means."""

    @property
    @abstractmethod
    def slow(self) -> tuple[str, ...]:
        """The observables with the longest autocorrelation times: thermalisation is tested on them."""

    def exact_values(self) -> dict[str, float]:
        """Exact expectation values of observables and functions of means by name; empty if none is known.

        Only what holds in the very volume of the action counts; a formula of infinite volume is left out unless its
        correction is far below any error.
        """
        return {}

    def instability(self) -> str:
        """The couplings for which exp(-S) cannot be normalised; empty if it can."""
        return ""

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        """Functions of a field that leave S unchanged, by name; `key` is for random gauge transformations."""
        return of_sites(self.shape)

    # --- what samplers and models ask ---------------------------------------------------------------------------------

    @property
    def interaction(self) -> Interaction | None:
        """The form of the action, where it is one that models are made for; None for any other."""
        return None

    @property
    def embedded_spins(self) -> EmbeddedSpins | None:
        """Ising spins whose clusters can be flipped; None where there are none."""
        return None

    @property
    def link_updates(self) -> LinkUpdates | None:
        """Conditional draws of links for the heat bath; None where there are none."""
        return None

    @property
    def has_charge(self) -> bool:
        """Whether the field is that of U(1) links in two dimensions, with a topological charge Q."""
        return False

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """Samplers that a report lets run beside another one, where each compiles and thermalises within seconds."""
        spins = self.embedded_spins
        clusters: tuple[Baseline, ...] = ()
        if spins is not None and spins.coupling >= 0:
            clusters = ("clusters" if spins.complete else "clusters and HMC",)
        return ("HMC", *clusters, "sequential Monte Carlo")

    # --- what files and reports ask -----------------------------------------------------------------------------------

    @property
    def layout(self) -> str:
        """The axes of a stored configuration, in words."""
        return "sites"

    @property
    def parameters(self) -> dict[str, JSON]:
        """Couplings, group, shape and layout of a configuration by name; JSON values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values = {name: value for name, value in values.items() if name not in ("space", "shape")}
        parts = {name: type(value).__name__ for name, value in values.items() if isinstance(value, eqx.Module)}
        numbers = {name: np.asarray(value).tolist() for name, value in values.items() if name not in parts}
        return {**numbers, **parts, "shape": list(self.shape), "layout": self.layout}

    @property
    def is_archivable(self) -> bool:
        """Whether the formats of the lattice community (NERSC, ILDG) hold its configurations."""
        return False

    def picture(self, x: Inexact[np.ndarray, "..."]) -> Picture:
        """What is drawn of one configuration: the field itself."""
        return Picture(np.asarray(x, dtype=float))

    def exact_charges(self, largest: int) -> Float[np.ndarray, " charges"] | None:
        """Exact probabilities of the topological charges 0 ... `largest` (each also of -Q); None if not known."""
        return None

    def exact_density(self) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]] | None:
        """A grid of values of the field at one site and their exact probability density; None if not known."""
        return None

    # --- the target of `infer` ----------------------------------------------------------------------------------------

    @property
    def decisive(self) -> tuple[str, ...]:
        """The slow ones: a sign that an exact symmetry leaves open need not flip for even quantities to be right."""
        return self.slow

    @property
    def volume(self) -> int:
        """The number of sites."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype:
        """The type of the real numbers of a field."""
        return real_dtype(self.precision)

    @property
    def unconstrained(self) -> bool:
        """Whether each number of a configuration may be any real number."""
        return self.space.is_real_line

    def init(self, key: Key) -> Field:
        return self.hot(key)

    def log_density(self, x: Field | Measured, /) -> Scalar:
        """-S, of a configuration or of what was measured on it."""
        return x.log_density if isinstance(x, Measured) else -self.action(x)

    def derived(self, x: Field | Measured, /) -> dict[str, Float[Array, "..."]]:
        """The observables of a configuration, or those that were measured on it."""
        return x.derived if isinstance(x, Measured) else self.observables(x)

    def measured(self, x: Field) -> Measured:
        """What is kept of one configuration, in float64."""
        values = {name: jnp.asarray(value, float) for name, value in self.observables(x).items()}
        return Measured(-jnp.asarray(self.action(x), float), values)

    def estimates(
        self,
        derived: Mapping[str, Float[np.ndarray, "chain draw ..."]],
        log_weight: Float[np.ndarray, "chain draw"],
        ancestor: Int[np.ndarray, "..."] | None,
    ) -> tuple[Estimated, ...]:
        """Means of all observables and functions of them, with their errors (see `lattice.core.estimates`).

        Args:
            derived: values of the observables on each draw.
            log_weight: logarithms of the weights of the draws.
            ancestor: the number of the ancestor of each particle of a population.
        """
        observables = Observables(self.quantities, self.mean_functions, self.slow, self.exact_values())
        return estimates(observables, derived, log_weight, ancestor)

    @property
    def is_complex(self) -> bool:
        """Whether a configuration is an array of complex numbers."""
        return bool(jnp.issubdtype(jax.eval_shape(self.cold).dtype, jnp.complexfloating))

    def files(self, final: Inexact[Array | np.ndarray, "chain ..."]) -> dict[str, bytes]:
        """The configurations at which the chains end, as a stream that `read_configurations` reads."""
        fields = configurations.real_numbers(np.asarray(final))
        stored = fields[: max(1, configurations.LARGEST // max(fields[0].nbytes, 1) - 1)]
        record = configurations.Configurations(stored, type(self).__name__, self.parameters)
        return {configurations.FILE: configurations.encode(record)}


def signs(x: Float[Array, "*lattice"], key: Key) -> tuple[Float[Array, "*lattice"], Callable[[Field], Field]]:
    """The embedded spins of a real field: its signs, whatever the `key` is."""
    return x, jnp.negative


def mirrored_angles(x: Float[Array, "*lattice"], key: Key) -> tuple[Float[Array, "*lattice"], Callable[[Field], Field]]:
    """The embedded spins of angles [radians]: components along a random axis, at which a flip mirrors them (Wolff)."""
    axis = jr.uniform(key, (), x.dtype, -np.pi, np.pi)
    return jnp.cos(x - axis), lambda angle: np.pi + 2 * axis - angle


def require_action(target: AbstractTarget, method: str) -> AbstractAction:
    """The target as a lattice action.

    Args:
        target: any target.
        method: name of the sampler, for the message.

    Raises:
        InputError: unless `target` is a lattice action.
    """
    if not isinstance(target, AbstractAction):
        got, fix = type(target).__name__, "method.kind: NUTS"
        raise InputError(f"{method} samples lattice actions", got=got, expected="a target with an action", fix=fix)
    return target


def require_memory(action: AbstractAction, side_by_side: int, steps: int, method: str) -> None:
    """Refuse fields, or histories of what is measured, beyond `MEMORY_LIMIT`; nothing is allocated.

    Args:
        action: the action.
        side_by_side: number of chains or particles.
        steps: number of measured steps of each.
        method: name of the sampler, for the message.

    Raises:
        InputError: if they do not fit.
    """
    field = jax.eval_shape(action.cold)
    measured = jax.tree.leaves(jax.eval_shape(action.measured, field))
    history = steps * 8 * sum(leaf.size for leaf in measured)
    needed = side_by_side * (FIELD_COPIES * field.size * field.dtype.itemsize + history)
    if needed > MEMORY_LIMIT:
        raise InputError(
            f"{method} would need {needed / 2**30:.0f} GiB for its fields and histories",
            got=f"{side_by_side} x {field.size} numbers, {steps} steps",
            expected=f"at most {MEMORY_LIMIT // 2**30} GiB",
            fix="fewer chains (or particles), fewer draws, or a smaller lattice",
        )
