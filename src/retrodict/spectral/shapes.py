"""Mock spectral functions, their exact correlators, and the noise of the literature.

Each shape is a function of omega with `edges`: the frequencies where it is not smooth, or narrow. Correlators are
computed in closed form or by an adaptive integral, never on the grid that an inversion uses.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key
from retrodict.num.quadrature import adaptive
from retrodict.spectral.kernels import AbstractKernel, BosonicMatsubara, KallenLehmann, Nodes, Points

SpectralFunction: TypeAlias = Callable[[Float[Array, " nodes"]], Float[Array, " nodes"]]
LADDER: Final = np.concatenate([[0.0], 2.0 ** np.arange(-60.0, 90.0)])  # panels of every scale, ending where tails have


class AbstractShape(eqx.Module):
    """rho(omega) for omega >= 0, with the frequencies at which an integral over it must be divided."""

    @property
    def edges(self) -> tuple[float, ...]:
        """Frequencies of steps, thresholds and narrow peaks."""
        return ()

    @abstractmethod
    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        """The spectral function at the frequencies `omega`, not negative."""

    def closed_form(self, kernel: AbstractKernel, x: Points) -> Float[Array, " points"] | None:
        """The exact correlator at `x` for a `kernel`; None where there is no closed form."""
        return None


class BreitWigners(AbstractShape):
    r"""$\rho = \sum_k \frac{4 A_k \Gamma_k \omega}{(M_k^2 + \Gamma_k^2 - \omega^2)^2 + 4\Gamma_k^2\omega^2}$, with
    $D(p) = \sum_k \frac{A_k}{M_k^2 + (p + \Gamma_k)^2}$ in the Kallen-Lehmann representation.

    Source: Wang, Shi, Zhou, PRD 106, L051502 (2022).
    """

    strength: tuple[float, ...]  # A, negative for a ghost-like residue
    width: tuple[float, ...]  # Gamma: half the full width at half maximum
    mass: tuple[float, ...]  # M

    @property
    def edges(self) -> tuple[float, ...]:
        return self.mass

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        parts = zip(self.strength, self.width, self.mass, strict=True)
        return sum((breit_wigner(omega, *part) for part in parts), jnp.zeros(()))

    def closed_form(self, kernel: AbstractKernel, x: Points) -> Float[Array, " points"] | None:
        if not isinstance(kernel, KallenLehmann | BosonicMatsubara):
            return None
        parts = zip(self.strength, self.width, self.mass, strict=True)
        return sum((a / (m**2 + (jnp.asarray(x) + g) ** 2) for a, g, m in parts), jnp.zeros(()))


class GaussianPeaks(AbstractShape):
    r"""$\rho = \sum_k h_k (e^{-(\omega-M_k)^2/2s_k^2} - e^{-(\omega+M_k)^2/2s_k^2})$: odd, as a bosonic one must be."""

    height: tuple[float, ...]  # h
    width: tuple[float, ...]  # s, the standard deviation
    position: tuple[float, ...]  # M

    @property
    def edges(self) -> tuple[float, ...]:
        return self.position

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        w, total = jnp.asarray(omega), jnp.zeros(())
        for height, width, position in zip(self.height, self.width, self.position, strict=True):
            near, far = (jnp.exp(-0.5 * ((w - sign * position) / width) ** 2) for sign in (1, -1))
            total = total + height * (near - far)
        return total


class Box(AbstractShape):
    """A constant between two frequencies, zero outside."""

    height: float  # value between the two frequencies
    low: float  # lower frequency
    high: float  # upper frequency

    @property
    def edges(self) -> tuple[float, ...]:
        return self.low, self.high

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        w = jnp.asarray(omega)
        return jnp.where((w > self.low) & (w < self.high), self.height, 0.0)

    def closed_form(self, kernel: AbstractKernel, x: Points) -> Float[Array, " points"] | None:
        if not isinstance(kernel, KallenLehmann | BosonicMatsubara):
            return None
        square = jnp.asarray(x) ** 2
        return self.height * jnp.log((self.high**2 + square) / (self.low**2 + square)) / (2 * jnp.pi)


class ThresholdContinuum(AbstractShape):
    r"""$\rho = h\,\sqrt{1 - s^2/\omega^2}\,(1 + \omega^2/\Lambda^2)^{-n/2}$ above the threshold s: a square-root rise
    and a slowly falling tail."""

    height: float  # h
    threshold: float  # s
    scale: float  # Lambda, where the tail begins
    power: float  # n, of the tail

    @property
    def edges(self) -> tuple[float, ...]:
        return (self.threshold,)

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        w = jnp.asarray(omega)
        open_ = w > self.threshold
        phase_space = jnp.sqrt(1 - (self.threshold / jnp.where(open_, w, 2 * self.threshold)) ** 2)
        return jnp.where(open_, self.height * phase_space * (1 + (w / self.scale) ** 2) ** (-0.5 * self.power), 0.0)


class Transport(AbstractShape):
    r"""$\rho = \frac{\chi\,\omega\,\eta}{\omega^2 + \eta^2} + c\,\omega^2\tanh(\omega/4T)\,$: a transport peak of width
    $\eta$ in $\rho/\omega$ below a massless continuum."""

    strength: float  # chi
    width: float  # eta
    continuum: float  # c
    temperature: float  # T

    @property
    def edges(self) -> tuple[float, ...]:
        return (self.width,)

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        w = jnp.asarray(omega)
        peak = self.strength * w * self.width / (w**2 + self.width**2)
        return peak + self.continuum * w**2 * jnp.tanh(w / (4 * self.temperature))


class ResonanceContinuum(AbstractShape):
    r"""A resonance and a quark-antiquark continuum, joined smoothly, in lattice units.

    $\rho = \xi(M_r, G)\,\rho_r\,[1 - \xi(M_r + G, G)] + \xi(M_c + G, G)\,\rho_c$ with
    $\xi(M, G) = 1/(1 + e^{(M^2 - \omega^2)/\omega G})$, $\rho_r = C_r\omega^2/[(\omega^2/M_rG - M_r/G)^2 + 1]$ and
    $\rho_c = C_c\frac{3\omega^2}{8\pi}\tanh\frac{\omega}{4T}\sqrt{1 - v^2}\,(2 + v^2)$, $v = 2M_c/\omega < 1$.

    Source: the mock of Wang, Shi, Zhou, PRD 106, L051502 (2022).
    """

    temperature: float  # T
    resonance_mass: float = 0.1  # M_r
    continuum_mass: float = 0.05  # M_c, half the threshold
    width: float = 0.06  # G
    resonance_strength: float = 2.0  # C_r
    continuum_strength: float = 2.1  # C_c

    @property
    def edges(self) -> tuple[float, ...]:
        return 2 * self.continuum_mass, self.resonance_mass

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        w, mass, width = jnp.asarray(omega), self.resonance_mass, self.width
        detuning = w**2 / (mass * width) - mass / width
        resonance = self.resonance_strength * w**2 / (detuning**2 + 1)
        window = self._step(w, mass) * self._step(w, mass + width, down=True)
        return window * resonance + self._step(w, self.continuum_mass + width) * self.continuum(w)

    def continuum(self, omega: Nodes) -> Float[Array, " nodes"]:
        """The continuum alone at `omega`: a natural default model."""
        w = jnp.asarray(omega)
        open_ = w > 2 * self.continuum_mass
        velocity = jnp.where(open_, 2 * self.continuum_mass / jnp.where(open_, w, 1.0), 1.0)
        thermal = 3 * w**2 / (8 * jnp.pi) * jnp.tanh(w / (4 * self.temperature))
        return self.continuum_strength * thermal * jnp.sqrt(1 - velocity**2) * (2 + velocity**2)

    def _step(self, omega: Nodes, mass: float, *, down: bool = False) -> Float[Array, " nodes"]:
        argument = (omega**2 - mass**2) / (omega * self.width)
        return jax.nn.sigmoid(-argument if down else argument)


class Sum(AbstractShape):
    """The sum of several shapes."""

    parts: tuple[AbstractShape, ...]  # the shapes that are added

    @property
    def edges(self) -> tuple[float, ...]:
        return tuple(edge for part in self.parts for edge in part.edges)

    def __call__(self, omega: Nodes) -> Float[Array, " nodes"]:
        return sum((part(omega) for part in self.parts), jnp.zeros(()))

    def closed_form(self, kernel: AbstractKernel, x: Points) -> Float[Array, " points"] | None:
        terms = [part.closed_form(kernel, x) for part in self.parts]
        return None if any(t is None for t in terms) else sum((t for t in terms if t is not None), jnp.zeros(()))


SINGLE: Final = BreitWigners((1.0,), (0.5,), (2.0,))
DOUBLE: Final = BreitWigners((0.8, 1.0), (0.5, 0.5), (2.0, 5.0))
NEGATIVE: Final = BreitWigners((1.0, -0.5), (0.5, 0.7), (2.0, 5.0))

#: Positive shapes of one unit of energy, for the Kallen-Lehmann kernel at 25 momenta between 0 and 19.2.
PROPAGATORS: Final[dict[str, AbstractShape]] = {
    "single peak": SINGLE,
    "double peak": DOUBLE,
    "three peaks": BreitWigners((0.4, 0.8, 1.5), (0.2, 0.4, 0.8), (1.2, 3.0, 7.0)),
    "broad peak": BreitWigners((1.0,), (1.5,), (3.0,)),
    "narrow on broad": BreitWigners((0.3, 1.0), (0.04, 1.5), (1.5, 4.0)),
    "Gaussian peaks": GaussianPeaks((0.8, 0.5), (0.5, 0.9), (2.5, 6.0)),
    "box": Box(0.5, 1.0, 4.0),
    "threshold continuum": ThresholdContinuum(0.5, 1.5, 3.0, 1.0),
    "resonance below continuum": Sum((BreitWigners((0.5,), (0.08,), (1.0,)), ThresholdContinuum(0.4, 2.5, 4.0, 1.5))),
}

#: Positive shapes in lattice units at T = 1/48, for the thermal kernel.
THERMAL: Final[dict[str, AbstractShape]] = {
    "transport peak": Transport(0.02, 0.03, 0.2, 1 / 48),
    "resonance and continuum": ResonanceContinuum(1 / 48),
}


def breit_wigner(omega: Nodes, strength: float, width: float, mass: float) -> Float[Array, " nodes"]:
    """One term of `BreitWigners`.

    Args:
        omega: frequencies, shape (nodes,).
        strength: A.
        width: Gamma, half the full width at half maximum.
        mass: M.
    """
    w = jnp.asarray(omega)
    return 4 * strength * width * w / ((mass**2 + width**2 - w**2) ** 2 + 4 * width**2 * w**2)


def correlator_of(kernel: AbstractKernel, x: Points, rho: SpectralFunction) -> Float[np.ndarray, " rows"]:
    """G(x) of any spectral function, to 1e-12: in closed form or by adaptive integration over positive frequencies.

    Args:
        kernel: K(x, omega).
        x: points of the correlator, shape (points,).
        rho: a shape, or a function of omega; narrow or discontinuous places of a function are found by bisection.
    """
    shape = rho if isinstance(rho, AbstractShape) else None
    exact = shape.closed_form(kernel, x) if shape is not None else None
    if exact is not None:
        return np.asarray(exact)

    def integrand(omega: Float[np.ndarray, " some"]) -> Float[np.ndarray, "rows some"]:
        padding = 2 ** int(np.ceil(np.log2(len(omega)))) - len(omega)  # few sizes: each is compiled once
        padded = jnp.asarray(np.pad(omega, (0, padding), mode="edge"))
        return np.asarray(kernel(x, padded) * rho(padded))[:, : len(omega)]

    return adaptive(integrand, np.union1d(LADDER, shape.edges if shape is not None else ()))


def wsz_noise(
    propagator: Float[np.ndarray, " points"], momentum: Float[np.ndarray, " points"], eps: float, floor: float = 0.05
) -> Float[np.ndarray, " points"]:
    """One-sigma errors eps D p/dp of Wang, Shi, Zhou, which grow with p, and not less than `floor` eps D.

    Args:
        propagator: D(p), shape (points,).
        momentum: p, equally spaced, shape (points,).
        eps: relative error at the second momentum.
        floor: least error, in units of eps D.
    """
    spacing = np.mean(np.diff(momentum))
    return eps * np.abs(propagator) * np.maximum(np.abs(momentum) / spacing, floor)


def relative_noise(correlator: Float[np.ndarray, " points"], eps: float) -> Float[np.ndarray, " points"]:
    """One-sigma errors `eps |G|`."""
    return eps * np.abs(correlator)


def thermal_noise(
    correlator: Float[np.ndarray, " points"], tau: Float[np.ndarray, " points"], eps: float
) -> Float[np.ndarray, " points"]:
    """One-sigma errors eps tau |G|: the signal decays, the noise does not.

    Args:
        correlator: G(tau), shape (points,).
        tau: times in units of the lattice spacing, shape (points,).
        eps: relative error at tau = 1.
    """
    return eps * np.asarray(tau) * np.abs(correlator)


def add_noise(
    key: Key, mean: Float[np.ndarray, " points"], sigma: Float[np.ndarray, " points"]
) -> Float[np.ndarray, " points"]:
    """Add independent Gaussian errors.

    Args:
        key: of the random numbers.
        mean: exact values, shape (points,).
        sigma: one-sigma errors, shape (points,).
    """
    return np.asarray(mean) + np.asarray(sigma) * np.asarray(jr.normal(key, np.shape(mean)))


def l2_relative(rho: Nodes, truth: Nodes, omega: Nodes) -> float:
    """Integral of (rho - truth)^2 over that of truth^2, by the trapezoidal rule.

    Args:
        rho: a reconstruction, shape (nodes,).
        truth: the exact spectral function, shape (nodes,).
        omega: their frequencies, shape (nodes,).
    """
    rho, truth = np.asarray(rho), np.asarray(truth)
    return float(np.trapezoid((rho - truth) ** 2, omega) / np.trapezoid(truth**2, omega))
