r"""Models of U(1) links in two dimensions that need no training: the uniform measure, and the shared flux.

On a torus of V plaquettes the Wilson action is a product of $f(p) = e^{\beta\cos p}$ over plaquette angles with the one
constraint $\sum p = 0$ mod $2\pi$. The shared flux draws V independent angles from f, and takes what their sum r lacks
to the next multiple of $2\pi$ from all of them in equal parts, $p_i \to p_i - r/V$, $|r|\le\pi$: angles whose charge
fluctuates as it should. The links are uniform among those with these plaquettes.

The plaquettes p came from $p + \delta$ for one of the shifts $|\delta|\le\pi/V$, and the map to (p, r) has unit
Jacobian. With respect to links of total measure one the density is therefore

$$q(\theta) = \frac{1}{I_0(\beta)^V}\,\frac{V}{2\pi}\int_{-\pi/V}^{\pi/V} e^{\beta(C\cos\delta - S\sin\delta)}\,d\delta,
\qquad C = \sum_i\cos p_i,\quad S = \sum_i\sin p_i .$$

Its weights are bounded: the mean over $\delta$ is at least the exponential of the mean exponent, and
$Z = \sum_n I_n^V e^{-\beta V}\ge I_0^Ve^{-\beta V}$, so that $w/Z \le e^{\beta\pi^2/6V}$. Independence Metropolis
accepts at least the inverse of that from any state.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.lattice.core.action import real_dtype
from retrodict.lattice.core.spaces import wrapped
from retrodict.lattice.theories.plane import curl, links_around
from retrodict.lattice.theories.wilson import Wilson
from retrodict.num import von_mises

NODES: Final = 32  # of the integral over shifts: its exponent changes by less than pi beta

Links = Float[Array, "two columns rows"]
Angles = Float[Array, "columns rows"]


class UniformLinks(AbstractModel):
    """The invariant measure, of total measure one: log density zero."""

    density: ClassVar[Density] = Density.EXACT
    weights: PyTree
    like: Links

    def sample(self, key: Key) -> Sample:
        return Sample(jr.uniform(key, self.like.shape, self.like.dtype, -np.pi, np.pi), jnp.zeros((), self.like.dtype))

    def log_prob(self, x: Array) -> Scalar:
        """Zero."""
        return jnp.zeros((), self.like.dtype)

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q a plaquette."""
        return -self.log_prob(x)


class SharedFluxLinks(AbstractModel):
    """Links with plaquettes that share the flux; their density with respect to links of total measure one."""

    density: ClassVar[Density] = Density.EXACT
    weights: PyTree
    beta: Scalar
    uniform: UniformLinks

    def sample(self, key: Key) -> Sample:
        """One configuration, angles in (-pi, pi]."""
        plaquette_key, link_key = jr.split(key)
        shape = self.uniform.like.shape[1:]
        field = jnp.stack([jnp.broadcast_to(self.beta, shape), jnp.zeros(shape, self.beta.dtype)], axis=-1)
        angle = von_mises.draw(plaquette_key, jax.lax.stop_gradient(field))
        angle = angle - wrapped(jnp.sum(angle)) / angle.size
        x = with_plaquettes(self.uniform.sample(link_key).x, angle)
        return Sample(x, self.log_prob(x))

    def log_prob(self, x: Array) -> Scalar:
        """log q, by Gauss-Legendre quadrature over the shift."""
        angle = curl(x)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        log_f = -self.beta * jnp.sum(1 - cosine) - angle.size * jnp.log(jax.scipy.special.i0e(self.beta))
        return log_f + log_mean_over_shifts(self.beta * jnp.sum(cosine), self.beta * jnp.sum(sine), angle.size)

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q a plaquette."""
        return -self.log_prob(x) / x[0].size


@dataclass(frozen=True)
class Haar:
    """A recipe: uniform links."""

    def on(self, target: Any, key: Key) -> UniformLinks:
        """The model for `target`. Raises `InputError` unless it is U(1) gauge theory in two dimensions."""
        action = u1_in_the_plane(target, "uniform links")
        return UniformLinks(None, jnp.zeros((2, *action.shape), real_dtype(action.precision)))


@dataclass(frozen=True)
class SharedFlux:
    """A recipe: independent plaquettes at the coupling of the action, which share what their sum lacks."""

    def on(self, target: Any, key: Key) -> SharedFluxLinks:
        """The model for `target`. Raises `InputError` unless it is U(1) gauge theory in two dimensions."""
        uniform = Haar().on(target, key)
        return SharedFluxLinks(None, jnp.asarray(target.beta, uniform.like.dtype), uniform)


def u1_in_the_plane(target: Any, model: str) -> Wilson:
    """`target` itself. Raises `InputError` unless it is U(1) gauge theory in two dimensions."""
    if not isinstance(target, Wilson) or not target.has_charge:
        got = f"{type(target.group).__name__} {target.shape}" if isinstance(target, Wilson) else type(target).__name__
        raise InputError(f"{model} are for U(1) in two dimensions", got=got, expected="Wilson(U1(), (L, L), beta)")
    return target


def with_plaquettes(x: Links, angle: Angles) -> Links:
    """The links x, changed so that their plaquettes become `angle`, whose sum is a multiple of 2 pi.

    Uniform x make links uniform among all with these plaquettes: x - links_around(curl(x)) is a homomorphism onto the
    links without flux.
    """
    return wrapped(x + links_around(angle - curl(x)))


def log_mean_over_shifts(cosine: Scalar, sine: Scalar, plaquettes: int) -> Scalar:
    """ln of the mean of exp(cosine (cos d - 1) - sine sin d) over |d| < pi / plaquettes."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    shift = np.pi * node / plaquettes
    less, odd = (jnp.asarray(part, cosine.dtype) for part in (-2 * np.sin(0.5 * shift) ** 2, np.sin(shift)))
    return jax.nn.logsumexp(cosine * less - sine * odd, b=jnp.asarray(0.5 * weight, cosine.dtype))
