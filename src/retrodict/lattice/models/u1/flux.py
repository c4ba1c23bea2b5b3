r"""Models of U(1) links in two dimensions that need no training: uniform links, and factorised plaquettes.

On a torus of V plaquettes the Wilson action is a product of $f(p) = e^{\beta\cos p}$ over plaquette angles with the one
constraint $\sum p = 0$ mod $2\pi$ on the total flux. `SharedFlux` draws V independent angles from f and imposes the
flux constraint afterwards: the excess r of their sum over the nearest multiple of $2\pi$ is subtracted in equal parts,
$p_i \to p_i - r/V$, $|r|\le\pi$. The topological charge of these angles fluctuates as it should. The links are uniform
among those with these plaquettes.

The plaquettes p came from $p + \delta$ for one of the shifts $|\delta|\le\pi/V$, and the map to (p, r) has unit
Jacobian. With respect to links of total measure one the density is therefore

$$q(\theta) = \frac{1}{I_0(\beta)^V}\,\frac{V}{2\pi}\int_{-\pi/V}^{\pi/V} e^{\beta(C\cos\delta - S\sin\delta)}\,d\delta,
\qquad C = \sum_i\cos p_i,\quad S = \sum_i\sin p_i .$$

Its weights are bounded: the mean over $\delta$ is at least the exponential of the mean exponent, and
$Z = \sum_n I_n^V e^{-\beta V}\ge I_0^Ve^{-\beta V}$, so that $w/Z \le e^{\beta\pi^2/6V}$. Independence Metropolis
accepts at least the inverse of that from any state.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.interactions import PlanePlaquettes
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.theories.plane import curl, links_around
from retrodict.num import von_mises
from retrodict.problem.target import AbstractTarget

NODES: Final = 32  # of the integral over shifts: its exponent changes by less than pi beta

Links = Float[Array, "2 columns rows"]
Angles = Float[Array, "columns rows"]


class UniformLinks(AbstractModel):
    """Uniform links: the invariant measure, of total measure one, whose log density is zero.

    Args:
        weights: none.
        like: an array of the shape and type of a configuration.
    """

    density: ClassVar[Density] = Density.EXACT  # known for any configuration
    weights: PyTree
    like: Links

    def sample(self, key: Key) -> Sample:
        return Sample(jr.uniform(key, self.like.shape, self.like.dtype, -np.pi, np.pi), jnp.zeros((), self.like.dtype))

    def log_prob(self, x: Links) -> Scalar:
        """Zero.

        Args:
            x: angles of the links [rad].
        """
        return jnp.zeros((), self.like.dtype)

    def loss(self, x: Links, key: Key) -> Scalar:
        """-log q a plaquette: zero."""
        return -self.log_prob(x)


class SharedFluxLinks(AbstractModel):
    """Links whose plaquettes are independent but for the flux constraint (see above).

    The density is with respect to links of total measure one.

    Args:
        weights: none.
        beta: the inverse coupling.
        uniform: the model of uniform links.
    """

    density: ClassVar[Density] = Density.EXACT  # known for any configuration
    weights: PyTree
    beta: Scalar
    uniform: UniformLinks

    def sample(self, key: Key) -> Sample:
        """One configuration, angles in (-pi, pi].

        Args:
            key: random key.
        """
        plaquette_key, link_key = jr.split(key)
        shape = self.uniform.like.shape[1:]
        field = jnp.stack([jnp.broadcast_to(self.beta, shape), jnp.zeros(shape, self.beta.dtype)], axis=-1)
        angle = von_mises.draw(plaquette_key, jax.lax.stop_gradient(field))
        angle = angle - wrap(jnp.sum(angle)) / angle.size
        x = with_plaquettes(self.uniform.sample(link_key).x, angle)
        return Sample(x, self.log_prob(x))

    def log_prob(self, x: Links) -> Scalar:
        """log q, by Gauss-Legendre quadrature over the shift.

        Args:
            x: angles of the links [rad].
        """
        angle = curl(x)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        log_f = -self.beta * jnp.sum(1 - cosine) - angle.size * jnp.log(jax.scipy.special.i0e(self.beta))
        return log_f + log_mean_over_shifts(self.beta * jnp.sum(cosine), self.beta * jnp.sum(sine), angle.size)

    def loss(self, x: Links, key: Key) -> Scalar:
        """-log q a plaquette."""
        return -self.log_prob(x) / x[0].size


@dataclass(frozen=True)
class Haar:
    """The recipe of uniform links, the invariant (Haar) measure of U(1) gauge theory in two dimensions.

    Example:
        >>> import jax.random as jr
        >>> from retrodict.lattice import U1, Haar, Wilson
        >>> Haar().on(Wilson(U1(), (4, 6), beta=2.0), jr.key(0)).like.shape
        (2, 4, 6)
    """

    def on(self, target: AbstractTarget, key: Key) -> UniformLinks:
        """The model on the lattice of a theory.

        Args:
            target: a lattice action.
            key: not used.

        Raises:
            InputError: unless the theory is U(1) in two dimensions.
        """
        action = require_u1_plane(target, "uniform links")
        return UniformLinks(None, jnp.zeros((2, *action.shape), action.dtype))


@dataclass(frozen=True)
class SharedFlux:
    """The recipe of factorised plaquettes with the flux constraint, for U(1) in two dimensions: no training.

    Plaquettes are drawn independently at the coupling of the action; the excess of their sum over a multiple of 2 pi,
    which the torus forbids, is shared by all of them. The density is a smooth integral in one dimension.

    Example:
        >>> import jax.random as jr
        >>> from retrodict.lattice import U1, SharedFlux, Wilson
        >>> model = SharedFlux().on(Wilson(U1(), (4, 6), beta=2.0), jr.key(0))
        >>> model.beta.item(), model.density.value
        (2.0, 'exact')
    """

    def on(self, target: AbstractTarget, key: Key) -> SharedFluxLinks:
        """The model of a theory.

        Args:
            target: a lattice action.
            key: not used.

        Raises:
            InputError: unless the theory is U(1) in two dimensions.
        """
        action = require_u1_plane(target, "factorised plaquettes")
        return SharedFluxLinks(None, jnp.asarray(action.beta, action.dtype), Haar().on(target, key))


class U1Plane(NamedTuple):
    """U(1) gauge theory on a periodic plane.

    Args:
        shape: columns and rows.
        beta: the inverse coupling.
        dtype: floating-point type of the angles.
    """

    shape: tuple[int, int]
    beta: Scalar | float
    dtype: np.dtype


def require_u1_plane(target: AbstractTarget, model: str) -> U1Plane:
    """Lattice, coupling and precision of U(1) gauge theory in two dimensions.

    Args:
        target: the theory.
        model: a name of the model, in the plural, for the message.

    Raises:
        InputError: unless the theory is U(1) in two dimensions.
    """
    if isinstance(target, AbstractAction):
        if isinstance(target.interaction, PlanePlaquettes):
            columns, rows = target.shape
            return U1Plane((columns, rows), target.interaction.beta, target.cold().dtype)
        got = f"{type(target).__name__} ({type(target.space).__name__}) on {target.shape}"
    else:
        got = type(target).__name__
    raise InputError(f"{model} are for U(1) in two dimensions", got=got, expected="Wilson(U1(), (L, L), beta)")


def with_plaquettes(x: Links, angle: Angles) -> Links:
    """The links x, changed so that they have given plaquettes.

    Uniform x make links uniform among all with these plaquettes: x - links_around(curl(x)) is a homomorphism onto the
    links without flux.

    Args:
        x: angles of links [rad].
        angle: plaquette angles [rad], whose sum is a multiple of 2 pi.
    """
    return wrap(x + links_around(angle - curl(x)))


def log_mean_over_shifts(cosine: Scalar, sine: Scalar, plaquettes: int) -> Scalar:
    """ln of the mean of exp(cosine (cos d - 1) - sine sin d) over |d| < pi / plaquettes.

    Args:
        cosine: beta times the sum of the cosines of the plaquettes.
        sine: beta times the sum of their sines.
        plaquettes: their number.
    """
    node, weight = np.polynomial.legendre.leggauss(NODES)
    shift = np.pi * node / plaquettes
    less, odd = (jnp.asarray(part, cosine.dtype) for part in (-2 * np.sin(0.5 * shift) ** 2, np.sin(shift)))
    return jax.nn.logsumexp(cosine * less - sine * odd, b=jnp.asarray(0.5 * weight, cosine.dtype))
