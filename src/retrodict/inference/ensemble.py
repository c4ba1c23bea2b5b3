r"""Randomised maximum a posteriori: an optimum of every randomised problem, and its importance weight.

Member $i$ minimises $\tfrac12|r(z) - e_i|^2 + \tfrac12|z - \xi_i|^2$ with $e_i, \xi_i \sim N(0, 1)$: noise once more on
the data, a draw of the prior for the prior mean. The map $(\xi, e) \to (z, e)$ has the Jacobian determinant of the
member's Hessian $H$; with the conditional density of $e$ given $z$ that is right for linear problems, the weight of a
member is

$$\log w = -\tfrac12 |r|^2 - \tfrac12 |p|^2 + \tfrac12 a^T A^{-1} a + \tfrac12\log\det A - \log\det H,\qquad
  a = p + J^T r,\quad A = 1 + J^T J,$$

all at the optimum, $r$, $J$ and the prior residual $p$ those of the problem before randomisation. It is constant for
linear problems, and exact as the ensemble grows wherever each randomised problem has one minimum. Sources: Bardsley,
Solonen, Haario, Laine, SIAM J. Sci. Comput. 36 (2014) A1895 (randomise-then-optimise, where the data are projected);
Oliver, "Metropolized randomized maximum likelihood", SIAM/ASA JUQ 5 (2017) 259; Ba, de Wiljes, Oliver, Reich, Comput.
Geosci. 26 (2022) 217 (weights in the full space, as here).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import JSON, Array, Bool, Count, Flag, Float, Int, Key, Keys, Positive, Scalar, Vector
from retrodict.inference.basins import basins
from retrodict.inference.diagnostics import weight_ess
from retrodict.inference.findings.searches import Searches
from retrodict.inference.findings.weights import ImportanceWeights
from retrodict.inference.gauss_newton import (
    factorise,
    half_log_det,
    linearise,
    require_least_squares,
    solve_step,
    squared_length,
)
from retrodict.inference.gradient import objective
from retrodict.inference.importance import smooth_unless_equal
from retrodict.inference.least_squares import Descent, LevenbergMarquardt
from retrodict.inference.schedule import Constant, Geometric
from retrodict.inference.start import valid_start
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.diagnostic import Diagnostic, Finding
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

In = TypeVar("In")
Out = TypeVar("Out")
ANNEALED = Geometric(1e4, 1.0, until=0.1)


class Members(NamedTuple):
    """All members; the key makes a member's randomised problem again."""

    key: Key
    descent: Descent  # where its search stands


class Selection(NamedTuple):
    """Members that were selected because the physics is valid there."""

    kept_fraction: Scalar  # of the members

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: members that were left out carry no weight."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`kept_fraction`."""
        return {"kept_fraction": float(self.kept_fraction)}


class Kept(NamedTuple):
    """Half the squared residuals of every member after each step."""

    cost: Float[Array, " members"]  # of each member


@dataclass(frozen=True)
class Ensemble:
    """Randomised problems, each optimised by Levenberg-Marquardt from its own draw of the prior.

    Without weights it is exact for linear-Gaussian problems only. If `weighted`, and if data and prior are both
    randomised, members carry the importance weights above, which correct for curvature; their Pareto k says whether to
    believe them, unless the members sit in several valleys, which are searched for and counted. Weights cost one
    Hessian a member; likelihoods in which resampled data do not simply shift the residual get none. Starts are prior
    draws on purpose: started from one optimum, an ensemble is under-dispersed.

    Args:
        members: number of randomised problems.
        data: whether the data get noise once more; alone (`prior=False`) it is the classic bootstrap over resampled
            observations, which has no spread where data say nothing.
        prior: whether the prior mean is drawn from the prior.
        steps: iterations of a search, at most.
        batch: members that are computed side by side (None: all); a batch in which all have stopped costs nothing, so
            that small ones suit expensive physics.
        weighted: whether members carry weights.
        temperature: a schedule that divides the squared data residuals.
        tolerance: distance to the optimum, in posterior standard deviations, below which a search has converged.
        confined: False: members are optimised without regard to validity, and those that end invalid are left out,
            which is the selection of the published schemes.
    """

    members: Count = 64
    data: bool = True
    prior: bool = True
    steps: Count = 200
    batch: Count | None = None
    weighted: bool = True
    temperature: Constant | Geometric = ANNEALED
    tolerance: Positive = 1e-3
    confined: bool = True

    references: ClassVar[tuple[str, ...]] = ("bardsley2014", "oliver2017", "ba2022", "transtrum2011")  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """Members."""
        return self.members

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` offers no residual."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: AbstractLeastSquares, key: Key) -> Members:
        """Every member at a valid draw of the prior."""
        start_key, noise_key = jr.split(key)
        return self.start(target, jr.split(start_key, self.members), jr.split(noise_key, self.members))

    def start(self, target: AbstractLeastSquares, starts: Keys, noises: Keys) -> Members:
        """Some members, by their own keys: the parts of an ensemble do not depend on how it is cut.

        Args:
            target: the problem.
            starts: keys of their starting points.
            noises: keys of their randomised problems.
        """

        def cold(keys: Key) -> Descent:
            return jax.vmap(lambda key: self._solver.init(target, valid_start(target, key)))(keys)

        return Members(noises, in_batches(cold, starts, self.batch))

    def step(
        self, target: AbstractLeastSquares, state: Members, key: Key, index: Int[Array, ""]
    ) -> tuple[Members, Record]:
        """One Levenberg-Marquardt iteration of every member that has not stopped.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        progress = index / self.steps
        temperature = self.temperature(progress)

        def one(member: Members) -> Descent:
            problem = target.randomised(member.key, data=self.data, prior=self.prior)
            return self._solver.step(problem, member.descent, None, progress, temperature)

        def some(members: Members) -> Descent:
            stopped = jnp.all(members.descent.stopped)
            return jax.lax.cond(stopped, lambda: members.descent, lambda: jax.vmap(one)(members))

        descent = in_batches(some, state, self.batch)
        metrics = {"cost": jnp.mean(descent.cost), "converged": jnp.mean(descent.converged)}
        record = Record(~jnp.any(jnp.isnan(descent.cost)), metrics, Kept(descent.cost))
        return Members(state.key, descent), record

    def done(self, state: Members) -> Flag:
        """Whether every member has stopped."""
        return jnp.all(state.descent.stopped)

    def finish(self, target: AbstractLeastSquares, state: Members, history: Kept) -> Draws:
        """The members as one chain of draws.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        position, converged = state.descent.position, state.descent.converged
        records: list[Diagnostic] = [Searches(converged[None])]
        log_weight = jnp.zeros(self.members)
        if self.weighted and self.data and self.prior:
            log_weight, k = smooth_unless_equal(log_weights(target, state, self.batch))
            records.append(ImportanceWeights(k, importance_ess=weight_ess(log_weight), exact=False))
            records.append(basins(target, position, self.batch))
        if not self.confined:
            kept = validity(target, position, self.batch)
            log_weight = jnp.where(kept, jnp.asarray(log_weight), -jnp.inf)
            records.append(Selection(jnp.mean(kept.astype(float))))
        statistics = {"converged": converged[None]}
        log_weight = jnp.asarray(log_weight)[None]
        return Draws(position[None], log_weight, "approximate", statistics, diagnostics=tuple(records))

    @property
    def _solver(self) -> LevenbergMarquardt:
        return LevenbergMarquardt(self.tolerance, self.confined)


def in_batches(function: Callable[[In], Out], members: In, batch: int | None) -> Out:
    """Apply a function to some members at a time, one batch after the other.

    Args:
        function: of members with a leading axis.
        members: all of them.
        batch: members of a batch; None: all at once.
    """
    count = len(jax.tree.leaves(members)[0])
    if batch is None or batch >= count:
        return function(spread(members))
    number = -(-count // batch)
    index = jnp.minimum(jnp.arange(number * batch), count - 1)  # the last batch is filled up with the last member
    cut = jax.tree.map(lambda leaf: leaf[index].reshape(number, batch, *leaf.shape[1:]), members)
    found = jax.lax.map(lambda part: function(spread(part)), cut)
    return jax.tree.map(lambda leaf: leaf.reshape(number * batch, *leaf.shape[2:])[:count], found)


@eqx.filter_jit
def validity(
    target: AbstractLeastSquares, position: Float[Array, "members dim"], batch: int | None
) -> Bool[Array, " members"]:
    """Whether the physics is valid at each position.

    Args:
        target: the problem.
        position: of the members.
        batch: members that are computed side by side; None: all.
    """
    return in_batches(jax.vmap(lambda z: target.evaluate(z).valid), position, batch)


@eqx.filter_jit
def log_weights(target: AbstractLeastSquares, state: Members, batch: int | None) -> Float[Array, " members"]:
    """Logarithms of the weights of all members.

    Zero if resampling does not shift the residual by the same noise everywhere.

    Args:
        target: the problem.
        state: the members at their optima.
        batch: members that are computed side by side; None: all.
    """
    position = state.descent.position

    def one(member: tuple[Key, Vector, Vector]) -> tuple[Scalar, Scalar]:
        key, here, elsewhere = member
        problem = target.randomised(key)
        shift = problem.residual(here) - target.residual(here)
        change = problem.residual(elsewhere) - target.residual(elsewhere) - shift
        return log_weight(target, problem, here), jnp.max(jnp.abs(change)) / (1 + jnp.max(jnp.abs(shift)))

    members = (state.key, position, jnp.roll(position, 1, axis=0))
    weights, change = in_batches(jax.vmap(one), members, batch)
    return jnp.where(jnp.max(change) < 1e-6, weights, 0.0)


def log_weight(target: AbstractLeastSquares, member: AbstractLeastSquares, z: Vector) -> Scalar:
    """The formula of the module header.

    Args:
        target: the problem.
        member: its randomised copy.
        z: the optimum of the copy.

    Returns:
        The logarithm of the weight; minus infinity where `z` is invalid or no minimum.
    """
    at = linearise(target, z)
    factor = factorise(at.jacobian)
    step = solve_step(at.jacobian, factor, at.residual, at.prior)
    hessian = jax.hessian(lambda x: objective(member, x))(z)
    sign, log_det = jnp.linalg.slogdet(hessian)
    log_density = -0.5 * jnp.sum(at.residual**2) - 0.5 * jnp.sum(at.prior**2)
    value = log_density + 0.5 * squared_length(at.jacobian, step) + half_log_det(factor) - log_det
    return jnp.where(at.valid & (sign > 0), value, -jnp.inf)
