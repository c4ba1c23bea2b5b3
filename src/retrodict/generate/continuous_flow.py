r"""A continuous normalising flow of scalar fields, trained by flow matching and then on the action.

$d\phi/dt = v(t, \phi)$ transports a Gaussian field with the measured spectrum from t = 0 to the model at t = 1, with
$d\log q/dt = -\nabla\cdot v$. *Flow matching*: along $\phi_t = \cos(\tfrac\pi2 t) z + \sin(\tfrac\pi2 t) x$ between a
field z of the base and an example x, v is fitted to $\dot\phi_t$; since base and examples have the same spectrum, so
has $\phi_t$, and v has to learn only what is not Gaussian. The example is first moved by the symmetry that brings it
closest to z: paths become straighter, marginals are unchanged. *Reverse Kullback-Leibler*, with path gradients: of
the gradient of $\log q(\phi) - \log p(\phi)$ only the part through $\phi$ is kept, since the part through the weights
at fixed $\phi$ averages to zero; its noise vanishes with the divergence, that of the full gradient does not. The score
of q, $s = \partial_\phi\log q$, is integrated with the field: $ds/dt = -(\partial v)^T s - \partial(\nabla\cdot v)$.

The density is that of the flow, integrated by Runge-Kutta steps of fourth order together with the field: it is exact up
to the error of the integration, which falls as steps^-4 and is checked by integrating back.

Sources: Chen et al., NeurIPS 2018; Lipman et al., ICLR 2023; Albergo, Vanden-Eijnden, ICLR 2023 (trigonometric
interpolant); Klein, Krämer, Noé, NeurIPS 2023 (alignment by symmetries); Vaitl, Nicoli, Nakajima, Kessel, ICML 2022
(path gradients of continuous flows).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.generate.equivariant_field import EquivariantField, equivariant_field
from retrodict.generate.model import AbstractModel, Density, Sample, real_field
from retrodict.generate.spectrum import GaussianField, fit_gaussian_field, white_noise_field
from retrodict.problem.target import AbstractTarget

State = tuple[Float[Array, "*site"], Scalar]  # a field, and the integral of the divergence
Scored = tuple[Float[Array, "*site"], Scalar, Float[Array, "*site"]]  # the same, and the score of q
S = TypeVar("S")


class ContinuousFlow(AbstractModel):
    """A continuous normalising flow: made by `EquivariantFlow`."""

    density: ClassVar[Density] = Density.EXACT  # up to the error of the integration
    unbounded: ClassVar[bool] = True  # its numbers are real
    weights: Float[Array, "knot feature orbit"]  # kernels of the velocity field
    field: EquivariantField  # the fixed part of the velocity field
    recipe: "EquivariantFlow" = eqx.field(static=True)  # its settings

    @property
    def base(self) -> GaussianField:
        """The base distribution."""
        return self.field.base

    def sample(self, key: Key) -> Sample:
        return self._push(self.base.sample(key), self.recipe.steps)

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """log q of any configuration, by integrating back to the base."""
        z, change = self._integrate(x, self.recipe.steps, backwards=True)
        return self.base.log_prob(z) - change

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        """Squared distance of v from the velocity of the interpolation, per site in units of the field's variance."""
        time_key, base_key = jr.split(key)
        t = jr.uniform(time_key, (), x.dtype)
        z = self.base.sample(base_key)
        x = align(self.base, z, x, self.field.odd)
        angle = 0.5 * np.pi * t
        true = 0.5 * np.pi * (jnp.cos(angle) * x - jnp.sin(angle) * z)
        velocity = self.field.velocity(self.field.at(t, self.weights), jnp.cos(angle) * z + jnp.sin(angle) * x)
        return jnp.mean((velocity - true) ** 2) / self.base.deviation**2

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p of one draw, with its path gradient."""
        z, frozen, steps = self.base.sample(key), jax.lax.stop_gradient(self.weights), self.recipe.fitting_steps

        def with_score(t: Scalar, state: Scored) -> Scored:
            kernel, (x, _, score) = self.field.at(t, frozen), state
            (velocity, divergence), pull = jax.vjp(lambda x: self.field.with_divergence(kernel, x), x)
            return velocity, divergence, -pull((score, jnp.ones_like(divergence)))[0]

        def velocity(t: Scalar, x: Float[Array, "*site"]) -> Float[Array, "*site"]:
            return self.field.velocity(self.field.at(t, self.weights), x)

        start = z, jnp.zeros((), z.dtype), jax.grad(self.base.log_prob)(z)
        x, change, score = runge_kutta(with_score, start, steps)
        log_p, slope = jax.value_and_grad(target.log_density)(x)
        along = jnp.sum(runge_kutta(velocity, z, steps) * jax.lax.stop_gradient(score - slope))
        return along + jax.lax.stop_gradient(self.base.log_prob(z) - change - log_p - along)

    def initialise_from(self, examples: Float[Array, "examples *site"]) -> "ContinuousFlow":
        """Set the spectrum of the base to that of the examples."""
        return eqx.tree_at(lambda m: m.field, self, self.recipe.field(fit_gaussian_field(examples)))

    def _push(self, z: Float[Array, "*site"], steps: int) -> Sample:
        x, change = self._integrate(z, steps)
        return Sample(x, self.base.log_prob(z) - change)

    def _integrate(
        self, x: Float[Array, "*site"], steps: int, *, backwards: bool = False
    ) -> tuple[Float[Array, "*site"], Scalar]:
        """The field at the other end, and the integral of the divergence from 0 to 1."""

        def slope(t: Scalar, state: State) -> State:
            return self.field.with_divergence(self.field.at(t, self.weights), state[0])

        times = (1.0, 0.0) if backwards else (0.0, 1.0)
        x, change = runge_kutta(slope, (x, jnp.zeros((), x.dtype)), steps, *times)
        return x, -change if backwards else change


@dataclass(frozen=True)
class EquivariantFlow:
    """The recipe of a continuous flow that is equivariant under translations, the point group and the sign flip.

    Steps of the integration must end on the knots: only then is the error of fourth order.

    Example:
        >>> EquivariantFlow(knots=4, steps=9, fitting_steps=3).lengths
        (0.0, 1.0, 1000.0)
    """

    lengths: tuple[float, ...] = (0.0, 1.0, 1e3)  # smoothing [sites]; 0 first, one beyond the lattice gives the mean
    harmonics: int = 8  # sines of each smoothed field
    frequency: float = np.pi / 6  # of the first sine: a period of twelve standard deviations
    knots: int = 7  # in time, between which kernels are interpolated
    decay: float = 0.0  # kernels fall with the momentum as this power of the spectrum
    steps: int = 12  # Runge-Kutta steps of a draw, a multiple of knots - 1
    fitting_steps: int = 6  # Runge-Kutta steps in training on the action, a multiple of knots - 1
    odd: bool = True  # equivariant under the sign flip; False for one of two modes (see `Symmetrised`)

    def on(self, target: AbstractTarget, key: Key) -> ContinuousFlow:
        """Make an untrained flow: the identity on standard normal numbers.

        Args:
            target: the density to be sampled, of one real number a site.
            key: random key; unused, since all kernels are zero at the start.

        Raises:
            InputError: unless fields are one real number a site, the first length is 0 and steps fit the knots.
        """
        like = real_field(target, key, "an equivariant flow is")
        if not self.lengths or self.lengths[0] != 0:
            raise InputError("the first field must not be smoothed", got=f"lengths={self.lengths}", fix="(0, 1, 1e3)")
        if self.knots < 2 or self.steps % (self.knots - 1) or self.fitting_steps % (self.knots - 1):
            got, expected = f"knots={self.knots}, steps={self.steps}, {self.fitting_steps}", "multiples of knots - 1"
            raise InputError("a step of the integration must not cross a knot", got=got, expected=expected)
        field = self.field(white_noise_field(like.shape, like.dtype))
        kernels = jnp.zeros((self.knots, field.features, field.base.modes.orbits), like.dtype)
        return ContinuousFlow(kernels, field, self)

    def field(self, base: GaussianField) -> EquivariantField:
        """Make the fixed part of the velocity field.

        Args:
            base: the base distribution.
        """
        return equivariant_field(base, self.lengths, self.harmonics, self.frequency, self.decay, self.odd)


def align(
    base: GaussianField, z: Float[Array, "*site"], x: Float[Array, "*site"], odd: bool = True
) -> Float[Array, "*site"]:
    """Translate x, and perhaps negate it, so that it is closest to z in units of the spectrum.

    Args:
        base: Gaussian field of the spectrum.
        z: field of the base, shape `*site`.
        x: field to be moved, shape `*site`.
        odd: whether x may be negated.
    """
    overlap = jnp.fft.irfftn(jnp.fft.rfftn(z) * jnp.conj(jnp.fft.rfftn(x)) / base.power, x.shape)
    best = jnp.argmax(jnp.abs(overlap) if odd else overlap)
    shift = jnp.stack(jnp.unravel_index(best, x.shape))
    sign = jnp.sign(overlap.ravel()[best]) if odd else 1.0
    return sign * jnp.roll(x, shift, tuple(range(x.ndim)))


def runge_kutta(slope: Callable[[Scalar, S], S], state: S, steps: int, start: float = 0.0, stop: float = 1.0) -> S:
    """Integrate by the classical Runge-Kutta method of fourth order in equal steps.

    All stages of all steps are one loop: each needs the slope before it only, and the slope is compiled once.
    Differentiation recomputes the stages instead of storing them.

    Args:
        slope: the derivative of the state as a function of time and state.
        state: pytree of float arrays at the start.
        steps: number of steps.
        start: first time.
        stop: last time; may be smaller than the first.

    Returns:
        The state at the last time.
    """
    dtype, size = jax.tree.leaves(state)[0].dtype, (stop - start) / steps
    times = start + size * (np.arange(steps)[:, None] + np.array([0.0, 0.5, 0.5, 1.0]))
    tableau = np.array([[0.0, 0.5, 0.5, 1.0], [1 / 6, 1 / 3, 1 / 3, 1 / 6]]) * size
    reach, share = (jnp.asarray(np.tile(row, steps), dtype) for row in tableau)
    ends = jnp.asarray(np.tile([0.0, 0.0, 0.0, 1.0], steps), dtype)

    def add(a: S, b: S, factor: Scalar) -> S:
        return jax.tree.map(lambda x, y: x + factor * y, a, b)

    @jax.checkpoint
    def stage(
        carry: tuple[S, S, S], coefficients: tuple[Scalar, Scalar, Scalar, Scalar]
    ) -> tuple[tuple[S, S, S], None]:
        (state, before, change), (t, reach, share, end) = carry, coefficients
        here = slope(t, add(state, before, reach))
        change = add(change, here, share)
        return (add(state, change, end), here, add(change, change, -end)), None

    still = jax.tree.map(jnp.zeros_like, state)
    stages = jnp.asarray(times.ravel(), dtype), reach, share, ends
    return jax.lax.scan(stage, (state, still, still), stages)[0][0]
