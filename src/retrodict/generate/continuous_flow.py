r"""A continuous normalising flow of scalar fields, trained without simulation and then on the action.

$d\phi/dt = v(t, \phi)$ carries a Gaussian field with the measured spectrum from t = 0 to the model at t = 1, with
$d\log q/dt = -\nabla\cdot v$. *Flow matching*: along $\phi_t = \cos(\tfrac\pi2 t) z + \sin(\tfrac\pi2 t) x$ between a
field z of the base and an example x, v is fitted to $\dot\phi_t$; since base and examples have the same spectrum, so
has $\phi_t$, and what is left to v is what is not Gaussian. The example is first moved by the symmetry that brings it
closest to z: paths become straighter, marginals stay. *Reverse Kullback-Leibler*, with path gradients: of
$\log q(\phi) - \log p(\phi)$ only the change with $\phi$ is followed, since that with the weights at fixed $\phi$
averages to zero; its noise vanishes with the divergence, where that of the full gradient does not. The score of q,
$s = \partial_\phi\log q$, comes along with the field: $ds/dt = -(\partial v)^T s - \partial(\nabla\cdot v)$.

The density is that of the flow, integrated by Runge-Kutta steps of fourth order together with the field: it is exact up
to the error of the integration, which falls as steps^-4 and is checked by integrating back.

Sources: Chen et al., NeurIPS 2018; Lipman et al., ICLR 2023; Albergo, Vanden-Eijnden, ICLR 2023 (trigonometric
interpolant); Klein, Krämer, Noé, NeurIPS 2023 (alignment by symmetries); Vaitl, Nicoli, Nakajima, Kessel, ICML 2022
(path gradients of continuous flows).
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.equivariant_field import EquivariantField, field_on
from retrodict.generate.model import AbstractModel, Density, Sample, real_field
from retrodict.generate.spectrum import GaussianField, measured, white
from retrodict.problem.target import AbstractTarget

State = tuple[Array, Scalar]


class ContinuousFlow(AbstractModel):
    """`weights` are the kernels of `field`; `steps` Runge-Kutta steps draw, `fitting_steps` are taken in training."""

    density: ClassVar[Density] = Density.EXACT
    unbounded: ClassVar[bool] = True
    weights: Float[Array, "knot feature orbit"]
    field: EquivariantField
    recipe: "EquivariantFlow" = eqx.field(static=True)

    @property
    def base(self) -> GaussianField:
        """Where the flow starts."""
        return self.field.base

    def sample(self, key: Key) -> Sample:
        return self._carried(self.base.sample(key), self.recipe.steps)

    def log_prob(self, x: Array) -> Scalar:
        """By integrating back."""
        z, change = self._integrated(x, self.recipe.steps, backwards=True)
        return self.base.log_prob(z) - change

    def loss(self, x: Array, key: Key) -> Scalar:
        """Squared distance of v from the velocity of the interpolation, per site in units of the field's variance."""
        time_key, base_key = jr.split(key)
        t = jr.uniform(time_key, (), x.dtype)
        z = self.base.sample(base_key)
        x = aligned(self.base, z, x, self.field.odd)
        angle = 0.5 * np.pi * t
        wanted = 0.5 * np.pi * (jnp.cos(angle) * x - jnp.sin(angle) * z)
        found = self.field.velocity(self.field.at(t, self.weights), jnp.cos(angle) * z + jnp.sin(angle) * x)
        return jnp.mean((found - wanted) ** 2) / self.base.deviation**2

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p of one draw, with its path gradient."""
        z, frozen, steps = self.base.sample(key), jax.lax.stop_gradient(self.weights), self.recipe.fitting_steps

        def with_score(t: Scalar, state: tuple[Array, Scalar, Array]) -> tuple[Array, Scalar, Array]:
            kernel, (x, _, score) = self.field.at(t, frozen), state
            (velocity, divergence), pull = jax.vjp(lambda x: self.field.with_divergence(kernel, x), x)
            return velocity, divergence, -pull((score, jnp.ones_like(divergence)))[0]

        def velocity(t: Scalar, x: Array) -> Array:
            return self.field.velocity(self.field.at(t, self.weights), x)

        start = z, jnp.zeros((), z.dtype), jax.grad(self.base.log_prob)(z)
        x, change, score = runge_kutta(with_score, start, steps)
        log_p, slope = jax.value_and_grad(target.log_density)(x)
        along = jnp.sum(runge_kutta(velocity, z, steps) * jax.lax.stop_gradient(score - slope))
        return along + jax.lax.stop_gradient(self.base.log_prob(z) - change - log_p - along)

    def adapted(self, examples: Float[Array, "examples ..."]) -> "ContinuousFlow":
        """With the spectrum of the examples."""
        return eqx.tree_at(lambda m: m.field, self, self.recipe.field(measured(examples)))

    def _carried(self, z: Array, steps: int) -> Sample:
        x, change = self._integrated(z, steps)
        return Sample(x, self.base.log_prob(z) - change)

    def _integrated(self, x: Array, steps: int, *, backwards: bool = False) -> State:
        """The field at the other end, and the integral of the divergence from 0 to 1."""

        def slope(t: Scalar, state: State) -> State:
            return self.field.with_divergence(self.field.at(t, self.weights), state[0])

        times = (1.0, 0.0) if backwards else (0.0, 1.0)
        x, change = runge_kutta(slope, (x, jnp.zeros((), x.dtype)), steps, *times)
        return x, -change if backwards else change


@dataclass(frozen=True)
class EquivariantFlow:
    """The recipe of a continuous flow that is equivariant under translations, the point group and the sign flip.

    `lengths` [sites] smooth the fields that its features are sines of; the first must be 0, one far beyond the lattice
    leaves its mean. Kernels fall with the momentum as the `decay`-th power of the spectrum, and are interpolated
    between `knots` in time. Steps of integration must end on the knots: only then is the error of fourth order. A flow
    that need not be `odd` may be skew, and does not follow the sign flip: for one mode (see `Symmetrised`).
    """

    lengths: tuple[float, ...] = (0.0, 1.0, 1e3)
    harmonics: int = 8
    frequency: float = np.pi / 6  # the features have a period of twelve standard deviations
    knots: int = 7
    decay: float = 0.0
    steps: int = 12
    fitting_steps: int = 6
    odd: bool = True

    def on(self, target: Any, key: Key) -> ContinuousFlow:
        """A flow that does not move, from white noise. Raises `InputError` unless fields are one real number a site."""
        like = real_field(target, key, "an equivariant flow is")
        if not self.lengths or self.lengths[0] != 0:
            raise InputError("the first field must not be smoothed", got=f"lengths={self.lengths}", fix="(0, 1, 1e3)")
        if self.knots < 2 or self.steps % (self.knots - 1) or self.fitting_steps % (self.knots - 1):
            got, expected = f"knots={self.knots}, steps={self.steps}, {self.fitting_steps}", "multiples of knots - 1"
            raise InputError("a step of the integration must not cross a knot", got=got, expected=expected)
        field = self.field(white(like.shape, like.dtype))
        kernels = jnp.zeros((self.knots, field.features, field.base.modes.orbits), like.dtype)
        return ContinuousFlow(kernels, field, self)

    def field(self, base: GaussianField) -> EquivariantField:
        """What is not learnt."""
        return field_on(base, self.lengths, self.harmonics, self.frequency, self.decay, self.odd)


def aligned(base: GaussianField, z: Array, x: Array, odd: bool = True) -> Array:
    """x, translated and (for an odd flow) perhaps negated so that it is closest to z in units of the spectrum."""
    overlap = jnp.fft.irfftn(jnp.fft.rfftn(z) * jnp.conj(jnp.fft.rfftn(x)) / base.power, x.shape)
    best = jnp.argmax(jnp.abs(overlap) if odd else overlap)
    shift = jnp.stack(jnp.unravel_index(best, x.shape))
    sign = jnp.sign(overlap.ravel()[best]) if odd else 1.0
    return sign * jnp.roll(x, shift, tuple(range(x.ndim)))


def runge_kutta(slope: Any, state: Any, steps: int, start: float = 0.0, stop: float = 1.0) -> Any:
    """The classical method of fourth order in equal steps; recomputed, not stored, when differentiated.

    All stages of all steps are one loop: each needs the slope before it only, and the slope is compiled once.
    """
    dtype, size = jax.tree.leaves(state)[0].dtype, (stop - start) / steps
    times = start + size * (np.arange(steps)[:, None] + np.array([0.0, 0.5, 0.5, 1.0]))
    each = np.array([[0.0, 0.5, 0.5, 1.0], [1 / 6, 1 / 3, 1 / 3, 1 / 6]]) * size
    reach, share = (jnp.asarray(np.tile(one, steps), dtype) for one in each)
    ends = jnp.asarray(np.tile([0.0, 0.0, 0.0, 1.0], steps), dtype)

    def added(a: Any, b: Any, by: Array) -> Any:
        return jax.tree.map(lambda x, y: x + by * y, a, b)

    @jax.checkpoint
    def stage(carry: tuple[Any, Any, Any], this: tuple[Array, ...]) -> tuple[tuple[Any, Any, Any], None]:
        (state, before, change), (t, reach, share, end) = carry, this
        here = slope(t, added(state, before, reach))
        change = added(change, here, share)
        return (added(state, change, end), here, added(change, change, -end)), None

    still = jax.tree.map(jnp.zeros_like, state)
    stages = jnp.asarray(times.ravel(), dtype), reach, share, ends
    return jax.lax.scan(stage, (state, still, still), stages)[0][0]
