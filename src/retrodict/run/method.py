"""What the loop asks of a method, and what a method hands back.

A method is a frozen dataclass: `init`, `step` and `finish` are pure, jit-able functions of a target and a key. It owns
no loop, no file and no progress bar; `run.loop` owns those for all of them.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

import jax

from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar, Shaped
from retrodict.problem.target import AbstractTarget
from retrodict.run.diagnostic import Diagnostic

Kind: TypeAlias = Literal["exact", "approximate", "point"]

T = TypeVar("T", contravariant=True)  # the targets that a method serves
S = TypeVar("S")  # its state, a pytree


class Record(NamedTuple):
    """What one step leaves behind."""

    finite: Flag  # False stops the run and names the step
    metrics: dict[str, Scalar]  # for the progress line and the log
    kept: PyTree[Shaped[Array, "..."]]  # what `finish` needs; stacked over steps by the loop


class Draws(NamedTuple):
    """The answer of a method: positions, weighted if need be, with everything that is known about them.

    Args:
        position: an array (chain, draw, dim) for latent targets, else a pytree with those leading axes.
        log_weight: logarithms of the weights, shape (chain, draw); all equal for a Markov chain.
        kind: "exact" (converges to the target), "approximate" (does not) or "point" (no spread at all).
        statistics: what was recorded for each draw, by name, each of shape (chain, draw): `sample_stats` of a result.
        final: positions (chain, ...) at which chains ended, for methods that keep of a position only what was
            measured on it.
        files: makes what else a run directory is to keep, by file name; called only where there is a directory.
        diagnostics: what the method says about itself (see `run.diagnostic`).
        ancestor: number of the first particle that each particle of a population descends from, shape (chain, draw);
            None for draws without a genealogy.

    Example:

        >>> import jax.numpy as jnp
        >>> draws = Draws(jnp.zeros((4, 100, 2)), jnp.zeros((4, 100)), "exact", {})
        >>> draws.log_weight.shape
        (4, 100)
    """

    position: PyTree[Shaped[Array, "chain draw ..."]]
    log_weight: Float[Array, "chain draw"]
    kind: Kind
    statistics: dict[str, Shaped[Array, "chain draw"]]
    final: PyTree[Shaped[Array, "chain ..."]] = None
    files: Callable[[], Mapping[str, bytes]] = dict
    diagnostics: tuple[Diagnostic, ...] = ()
    ancestor: Int[Array, "chain draw"] | None = None


@runtime_checkable
class Method(Protocol[T, S]):
    """One algorithm, for targets of class `T`, with a state of class `S`.

    `step` must not depend on how many steps are taken in one compiled chunk. The name of a method, in files and
    configs, is that of its class.
    """

    references: ClassVar[tuple[str, ...]]  # BibTeX keys, which reports cite
    uses_gradient: ClassVar[bool]  # whether a step needs gradients of the density: for the estimate of its cost

    @property
    def steps(self) -> int:
        """The largest number of steps."""
        ...

    @property
    def positions_per_step(self) -> int:
        """How many positions a step moves side by side: chains, members, particles, starts or a batch."""
        ...

    def check(self, target: AbstractTarget) -> None:
        """Refuse targets that this method cannot serve.

        Args:
            target: any target.

        Raises:
            InputError: if `target` does not offer what this method needs.
        """
        ...

    def init(self, target: T, key: Key) -> S:
        """The state before the first step.

        Args:
            target: the target.
            key: `fold_in(seed key, 0)`.

        Returns:
            A pytree of arrays.
        """
        ...

    def step(self, target: T, state: S, key: Key, index: Int[Array, ""]) -> tuple[S, Record]:
        """One step.

        Args:
            target: the target.
            state: the state before the step.
            key: `fold_in(seed key, index + 1)`.
            index: number of the step, from 0.

        Returns:
            The state after the step, and what is kept of it.
        """
        ...

    def done(self, state: S) -> Flag:
        """Whether to stop before `steps`.

        Args:
            state: the state after a step.
        """
        ...

    def finish(self, target: T, state: S, history: PyTree[Shaped[Array, "step ..."]]) -> Draws:
        """The answer.

        Args:
            target: the target.
            state: the last state.
            history: what all steps have kept; leading axis: steps taken.
        """
        ...


class Work(NamedTuple):
    """A pure function that a method evaluates again and again, from which its cost is estimated; it is only traced.

    Example:

        >>> import jax.numpy as jnp
        >>> Work("residuals", jnp.square, (jnp.zeros(10),), repeats=100).repeats
        100
    """

    name: str  # what it is for, in a word or two
    function: Callable[..., PyTree]
    arguments: tuple[PyTree[Shaped[Array, "..."] | jax.ShapeDtypeStruct], ...]  # shapes and types suffice
    repeats: int
    gradient: bool = False  # whether each evaluation is one of value and gradient
    loops: float = 1.0  # repetitions of a loop whose length depends on the data, about


@runtime_checkable
class Accountable(Protocol[T]):
    """A method that lists its work, where that is not one density for each of `positions_per_step` at each step."""

    @property
    def steps(self) -> int:
        """The largest number of steps."""
        ...

    def work(self, target: T) -> tuple[Work, ...]:
        """All that takes time.

        Args:
            target: the target, which may hold shapes and types in place of its arrays.
        """
        ...


def name_of(method: Method[T, S]) -> str:
    """The name of a method: that of its class.

    Args:
        method: the method.
    """
    return type(method).__name__
