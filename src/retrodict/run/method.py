"""What the loop asks of a method, and what a method hands back.

A method is a frozen dataclass: `init`, `step` and `finish` are pure, jit-able functions of a target and a key. It owns
no loop, no file and no progress bar; `run.loop` owns those for all of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget


class Record(NamedTuple):
    """What one step leaves behind."""

    finite: Flag  # False stops the run and names the step
    metrics: dict[str, Scalar]  # for the progress line and the log
    kept: PyTree[Array]  # what `finish` needs; stacked over steps by the loop


class Draws(NamedTuple):
    """A method's answer: positions, weighted if need be, and how they were come by.

    `position` is an array `(chain, draw, dim)` for latent targets, a pytree with those leading axes otherwise. `kind`
    is "exact" (converges to the posterior), "approximate" (does not) or "point" (no spread at all). `statistics` holds
    arrays `(chain, draw)` or scalars by name, among them what the verdict looks at: `divergent`, `acceptance`,
    `reversible`, `converged`, `pareto_k`, `log_evidence`, `log_evidence_error`; `ancestor` numbers the ancestor of each
    particle of a population. `final` holds the positions `(chain, ...)` at which chains ended, for methods that keep of
    a position only what was measured on it; `files` makes what else a run directory is to keep, by name: it is called
    only where there is one.
    """

    position: PyTree[Float[Array, "chain draw ..."]]
    log_weight: Float[Array, "chain draw"]
    kind: str
    statistics: dict[str, Array]
    final: PyTree[Array] = None
    files: Callable[[], Mapping[str, bytes]] = dict


@runtime_checkable
class Method(Protocol):
    """One algorithm. `step` must not depend on how many steps are taken in one compiled chunk."""

    @property
    def steps(self) -> int:
        """The most steps that it will take."""
        ...

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` does not offer what this method needs."""
        ...

    def init(self, target: Any, key: Key) -> Any:
        """The state before the first step: a pytree of arrays."""
        ...

    def step(self, target: Any, state: Any, key: Key, index: Int[Array, ""]) -> tuple[Any, Record]:
        """One step; `key = fold_in(seed key, index)`."""
        ...

    def done(self, state: Any) -> Flag:
        """Whether to stop before `steps`."""
        ...

    def finish(self, target: Any, state: Any, history: PyTree[Array]) -> Draws:
        """The answer, from the last state and everything kept (leading axis: steps taken)."""
        ...


class Work(NamedTuple):
    """A pure function that a method evaluates again and again, from which its cost is estimated; it is only traced.

    `arguments` may be shapes and types in place of arrays. A loop of a length that depends on the data is taken to
    repeat about `loops` times.
    """

    name: str  # what it is for, in a word or two
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    repeats: int
    gradient: bool = False  # whether each evaluation is one of value and gradient
    loops: float = 1.0


@runtime_checkable
class Accountable(Protocol):
    """A method that can say what it will do: where that is not a density evaluated for each chain at each step."""

    @property
    def steps(self) -> int:
        """The most steps that it will take."""
        ...

    def work(self, target: Any) -> tuple[Work, ...]:
        """All that takes time. `target` may hold shapes and types in place of its arrays."""
        ...
