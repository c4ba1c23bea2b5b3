"""The most probable point, from many starts at once."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import JSON, Array, Bool, Count, Flag, Float, Int, Key, PyTree, Scalar
from retrodict.inference.findings.searches import Searches
from retrodict.inference.gradient import LBFGS, Adam, GradientDescent
from retrodict.inference.least_squares import Descent, LevenbergMarquardt
from retrodict.inference.schedule import Constant, Geometric
from retrodict.inference.start import valid_start
from retrodict.problem.target import AbstractTarget
from retrodict.run.diagnostic import Finding
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

Descents: TypeAlias = Descent | GradientDescent  # of all starts, by the solver

DAMPED, CONSTANT = LevenbergMarquardt(), Constant(1.0)


class Optimum(NamedTuple):
    """The best of all starts."""

    log_density: Scalar  # of the target, up to its constant

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: a density has no limit."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`log_density`."""
        return {"log_density": float(self.log_density)}


class Kept(NamedTuple):
    """The cost of every start after each step."""

    cost: Float[Array, " starts"]


@dataclass(frozen=True)
class MAP:
    """Maximum a posteriori: a point without a spread.

    The draws are the optima of all starts, best first (`lp` in `sample_stats` says by how much); only the best carries
    weight, and the verdict asks whether it has converged. With white latents the answer depends on the parametrisation,
    and for ill-posed problems it is worse than the posterior mean: judge a reconstruction by a method that samples.

    Args:
        starts: draws of the prior from which searches start.
        solver: the minimiser.
        steps: the largest number of iterations.
        temperature: divides the squared data residuals (annealed regularisation: start high, end at 1).
    """

    starts: Count = 8
    solver: LevenbergMarquardt | LBFGS | Adam = DAMPED
    steps: Count = 200
    temperature: Constant | Geometric = CONSTANT

    references: ClassVar[tuple[str, ...]] = ("nielsen1999", "transtrum2011")  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """Starts."""
        return self.starts

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if the solver needs structure that `target` lacks."""
        self.solver.check(target)

    def init(self, target: AbstractTarget, key: Key) -> Descents:
        """All starts, at valid draws of the prior."""
        return jax.vmap(lambda k: self.solver.init(target, valid_start(target, k)))(jr.split(key, self.starts))  # type: ignore[arg-type]

    def step(self, target: AbstractTarget, state: Descents, key: Key, index: Int[Array, ""]) -> tuple[Descents, Record]:
        """One iteration of every start.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        progress = index / self.steps
        temperature = self.temperature(progress)
        state = jax.vmap(lambda s: self.solver.step(target, s, key, progress, temperature))(spread(state))  # type: ignore[arg-type]
        metrics = {"cost": jnp.min(state.cost), "converged": jnp.mean(state.converged)}
        return state, Record(~jnp.any(jnp.isnan(state.cost)), metrics, Kept(state.cost))

    def done(self, state: Descents) -> Flag:
        """Whether every start has stopped."""
        return jnp.all(state.stopped)

    def finish(self, target: AbstractTarget, state: Descents, history: Kept) -> Draws:
        """The optima, best first; starts that ended where the physics is invalid come last.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        return rank(target, state.position, state.converged)


def rank(
    target: AbstractTarget, position: PyTree[Float[Array, "starts ..."]], converged: Bool[Array, " starts"]
) -> Draws:
    """Optima as one chain of draws, in the order of their log density, all the weight on the first.

    Args:
        target: the target.
        position: where the searches ended.
        converged: which of them have converged.
    """
    log_density = _log_densities(target, position)
    order = jnp.argsort(-log_density)
    log_weight = jnp.where(jnp.arange(len(order)) == 0, 0.0, -jnp.inf)
    statistics = {"converged": converged[order][None], "log_density": log_density[order][None]}
    optima = jax.tree.map(lambda x: x[order][None], position)
    records = Searches(statistics["converged"][0, 0]), Optimum(statistics["log_density"][0, 0])
    return Draws(optima, log_weight[None], "point", statistics, diagnostics=records)


@eqx.filter_jit
def _log_densities(target: AbstractTarget, position: PyTree[Float[Array, "starts ..."]]) -> Float[Array, " starts"]:
    return jax.lax.map(target.log_density, position)
