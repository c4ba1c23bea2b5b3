r"""From a spectral function to a Euclidean correlator: $G(x) = \int_0^\infty d\omega\, K(x, \omega)\,\rho(\omega)$.

One normalisation for all kernels, $G(\tau) = \int_0^\infty \frac{d\omega}{2\pi} \frac{\cosh[\omega(\tau - 1/2T)]}
{\sinh[\omega/2T]}\rho$: its limit $T \to 0$ is $\int \frac{d\omega}{2\pi} e^{-\omega\tau}\rho$, and its Fourier
transform at the Matsubara frequencies is the Kallen-Lehmann representation $\int\frac{d\omega}{\pi}\frac{\omega\rho}
{\omega^2 + p^2}$. Frequencies and momenta share one unit of energy, tau and 1/T its inverse.

Sources: Wang, Shi, Zhou, PRD 106, L051502 (2022), eqs. 1 and 2; Asakawa, Hatsuda, Nakahara, Prog. Part. Nucl. Phys. 46
(2001) 459 (thermal kernel).
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float
from retrodict.num.quadrature import half_line

SELDOM: Final = 0.05  # share of the prior's draws up to which a quadrature error is not reported

Argument = Literal["momentum", "tau", "matsubara"]
Numbers: TypeAlias = Array | np.ndarray
Points: TypeAlias = Float[Numbers, " points"]
Nodes: TypeAlias = Float[Numbers, " nodes"]
KernelFunction: TypeAlias = Callable[
    [Float[Array, "points one"], Float[Array, "one nodes"]], Float[Array, "points nodes"]
]
Matrix: TypeAlias = Float[Array, "rows nodes"]  # one row a point, or two where real and imaginary parts are stacked


class AbstractKernel(eqx.Module):
    """A kernel K(x, omega), with the kind of its argument x."""

    @property
    @abstractmethod
    def argument(self) -> Argument:
        """What x is: a momentum, a Euclidean time or a Matsubara frequency."""

    @property
    def even(self) -> bool:
        """Whether rho is even in omega, and need not vanish at zero, rather than odd."""
        return False

    @abstractmethod
    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        """K(x, omega) as a matrix.

        Args:
            x: points of the correlator, shape (points,), in the unit of omega or, for tau, its inverse.
            omega: frequencies above zero, shape (nodes,).
        """

    @abstractmethod
    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        """omega K(x, omega), finite at omega = 0: the kernel of rho/omega; arguments as above, with zero allowed."""


class KallenLehmann(AbstractKernel):
    r"""$K = \frac1\pi\frac{\omega}{\omega^2 + p^2}$, the propagator at Euclidean momentum p.

    Source: Wang, Shi, Zhou, PRD 106, L051502 (2022), eq. 1.

    Example:
        >>> print(np.asarray(KallenLehmann()(np.array([0.0]), np.array([1.0, 2.0]))).round(4))
        [[0.3183 0.1592]]
    """

    @property
    def argument(self) -> Argument:
        return "momentum"

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        p, w = _outer(x, omega)
        return w / (w**2 + p**2) / jnp.pi

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        p, w = _outer(x, omega)
        square = w**2 + p**2
        nowhere = square == 0  # both are zero: the limit p -> 0 is taken first
        return jnp.where(nowhere, 1.0, w**2 / jnp.where(nowhere, 1.0, square)) / jnp.pi


class BosonicMatsubara(AbstractKernel):
    r"""$K = \frac1\pi\frac{\omega}{\omega^2 + \omega_n^2}$ at $\omega_n = 2\pi n T$, for an odd spectral function.

    It is the Fourier transform of the thermal kernel over $0 < \tau < 1/T$; x is $\omega_n$ itself.

    Example:
        >>> print(np.asarray(BosonicMatsubara()(np.array([1.0]), np.array([1.0]))).round(4))
        [[0.1592]]
    """

    @property
    def argument(self) -> Argument:
        return "matsubara"

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        return KallenLehmann()(x, omega)

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        return KallenLehmann().rescaled(x, omega)


class EvenMatsubara(AbstractKernel):
    r"""$K = \frac1\pi\frac{\omega_n}{\omega^2 + \omega_n^2}$ at $\omega_n = (2n + 1)\pi T$, for $-\mathrm{Im}\,G$ of a
    fermion with an even spectral function, $\rho(-\omega) = \rho(\omega)$.

    So it is for the Dirac-vector part of a quark propagator, and wherever particles and holes are alike. It is the sum
    of `FermionicMatsubara` over both signs; an odd part, which is the real part of G, has the kernel of
    `BosonicMatsubara`, with the opposite sign. A normalised rho has the weight $\int_0^\infty\rho\,d\omega = \pi$.

    Example:
        >>> print(np.asarray(EvenMatsubara()(np.array([2.0]), np.array([1.0]))).round(4))
        [[0.1273]]
    """

    @property
    def argument(self) -> Argument:
        return "matsubara"

    @property
    def even(self) -> bool:
        return True

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        frequency, w = _outer(x, omega)
        return frequency / (w**2 + frequency**2) / jnp.pi

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        return jnp.asarray(omega) * self(x, omega)


class FermionicMatsubara(AbstractKernel):
    r"""$K = \frac1{2\pi}\frac1{i\omega_n - \omega}$ at $\omega_n = (2n + 1)\pi T$, on frequencies of *both* signs.

    The points are stacked: first the real parts of all $\omega_n$, then the imaginary parts, so that a data vector is
    `concatenate([G.real, G.imag])` and the matrix has twice as many rows as x. Use a grid of `two_sided`.

    Example:
        >>> print(np.asarray(FermionicMatsubara()(np.array([1.0]), np.array([-1.0, 1.0]))).round(4))
        [[ 0.0796 -0.0796]
         [-0.0796 -0.0796]]
    """

    @property
    def argument(self) -> Argument:
        return "matsubara"

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        frequency, w = _outer(x, omega)
        return (
            -jnp.concatenate([w + 0 * frequency, frequency + 0 * w])
            / jnp.tile(w**2 + frequency**2, (2, 1))
            / (2 * jnp.pi)
        )

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        return jnp.asarray(omega) * self(x, omega)


class ZeroTemperature(AbstractKernel):
    r"""$K = \frac{1}{2\pi} e^{-\omega\tau}$: the limit $T \to 0$ of `Thermal`.

    Example:
        >>> print(np.asarray(ZeroTemperature()(np.array([0.0, 1.0]), np.array([1.0]))).round(4))
        [[0.1592]
         [0.0585]]
    """

    @property
    def argument(self) -> Argument:
        return "tau"

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        tau, w = _outer(x, omega)
        return jnp.exp(-w * tau) / (2 * jnp.pi)

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        return jnp.asarray(omega) * self(x, omega)


class Thermal(AbstractKernel):
    r"""$K = \frac{1}{2\pi} \frac{\cosh[\omega(\tau - 1/2T)]}{\sinh[\omega/2T]}$ for $0 \le \tau \le 1/T$.

    Written as $(e^{-\omega\tau} + e^{-\omega(1/T - \tau)})/(1 - e^{-\omega/T})$, which neither overflows nor cancels.
    It diverges as $T/\pi\omega$ for $\omega \to 0$; `rescaled` is finite there.

    Source: Asakawa, Hatsuda, Nakahara, Prog. Part. Nucl. Phys. 46 (2001) 459.

    Args:
        temperature: T, in the unit of omega, which is the inverse unit of tau.

    Raises:
        InputError: unless the temperature is positive.

    Example:
        >>> print(np.asarray(Thermal(0.25)(np.array([1.0, 3.0]), np.array([1.0]))).round(4))  # symmetric about 1/2T
        [[0.0677]
         [0.0677]]
    """

    temperature: float

    def __check_init__(self) -> None:
        if not self.temperature > 0:
            raise InputError("a temperature is a positive number", got=f"{self.temperature}", fix="ZeroTemperature()")

    @property
    def argument(self) -> Argument:
        return "tau"

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        _, w = _outer(x, omega)
        return self._wings(x, omega) / -jnp.expm1(-w / self.temperature) / (2 * jnp.pi)

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        _, w = _outer(x, omega)
        zero = w == 0
        safe = jnp.where(zero, 1.0, w)
        ratio = jnp.where(zero, self.temperature, safe / -jnp.expm1(-safe / self.temperature))
        return self._wings(x, omega) * ratio / (2 * jnp.pi)

    def _wings(self, x: Points, omega: Nodes) -> Matrix:
        tau, w = _outer(x, omega)
        return jnp.exp(-w * tau) + jnp.exp(-w * (1 / self.temperature - tau))


class UserKernel(AbstractKernel):
    """A kernel that is given as a function.

    Args:
        function: K of two arrays that are broadcast against each other: x, shape (points, 1), and omega, (1, nodes).
        argument: what x is: `tau`, `momentum` or `matsubara`.

    Example:
        >>> UserKernel(lambda tau, omega: jnp.exp(-omega * tau), "tau")(np.array([0.0]), np.array([1.0])).tolist()
        [[1.0]]
    """

    function: KernelFunction = eqx.field(static=True)
    kind: Argument = eqx.field(static=True)  # what `argument` returns

    def __init__(self, function: KernelFunction, argument: Argument) -> None:
        self.function, self.kind = function, argument

    @property
    def argument(self) -> Argument:
        return self.kind

    def __call__(self, x: Points, omega: Nodes) -> Matrix:
        return self.function(*_outer(x, omega))

    def rescaled(self, x: Points, omega: Nodes) -> Matrix:
        return jnp.asarray(omega) * self(x, omega)


class Grid(NamedTuple):
    """A quadrature: int_0^inf f d omega ~ weight @ f(omega)."""

    omega: Float[Array, " nodes"]  # nodes, ascending, in a unit of energy
    weight: Float[Array, " nodes"]  # in the same unit


def frequency_grid(scale: tuple[float, float] = (0.1, 20.0), nodes: int = 960) -> Grid:
    """Nodes from zero to infinity, equally spaced in ln omega where the structures are.

    With the default a Breit-Wigner of relative half-width Gamma/M >= .03 anywhere in `scale` is integrated to 1e-10;
    half the width needs twice the nodes. Tails rho ~ omega^-n, n >= 1/2, are integrated as well (to 1e-10), and any
    power under an exponential kernel. The outermost nodes lie near 1e-13 and 1e23 times the scale.

    Args:
        scale: ends of the range of equal spacing, in the unit of omega.
        nodes: how many in all.
    """
    omega, weight = half_line(*scale, nodes)
    return Grid(jnp.asarray(omega), jnp.asarray(weight))


def two_sided(grid: Grid) -> Grid:
    """The nodes of `grid` on both sides of zero, for kernels of all real frequencies."""
    return Grid(
        jnp.concatenate([-grid.omega[::-1], grid.omega]),
        jnp.concatenate([grid.weight[::-1], grid.weight]),
    )


def operator(kernel: AbstractKernel, x: Points, grid: Grid) -> Matrix:
    """The matrix that takes rho on the grid to G(x).

    Args:
        kernel: K(x, omega).
        x: points of the correlator, shape (points,).
        grid: the quadrature.
    """
    return kernel(x, grid.omega) * grid.weight


def quadrature_error(
    kernel: AbstractKernel,
    x: Points,
    coarse: tuple[Grid, Float[Numbers, "*batch nodes"]],
    fine: tuple[Grid, Float[Numbers, "*batch finer"]],
) -> Float[np.ndarray, "*batch rows"]:
    """Absolute difference of G on a grid from G on a finer one.

    Args:
        kernel: K(x, omega).
        x: points of the correlator, shape (points,).
        coarse: a quadrature, and one or more spectral functions on its nodes, shape (..., nodes).
        fine: a finer quadrature, and the same spectral functions on its nodes, shape (..., finer).
    """
    on_coarse, on_fine = (np.asarray(rho) @ np.asarray(operator(kernel, x, grid)).T for grid, rho in (coarse, fine))
    return np.abs(on_coarse - on_fine)


def quadrature_note(error: Float[np.ndarray, "draws rows"], sigma: Float[np.ndarray, " rows"]) -> str:
    """Say in words for how many spectral functions the quadrature error exceeds that of the data at any point.

    Args:
        error: quadrature error of each spectral function, shape (draws, rows).
        sigma: one-sigma errors of the data, shape (rows,).

    Returns:
        A sentence; empty if it does so for less than 5 % of them.
    """
    ratio = np.asarray(error) / np.asarray(sigma)
    share = float(np.mean(np.max(ratio, axis=1) > 1))
    if share < SELDOM:
        return ""
    typical = np.quantile(ratio, 0.95, axis=0)
    worst = int(np.argmax(typical))
    return (
        f"for {share:.0%} of the prior's draws the quadrature error exceeds that of the data (in one of twenty by "
        f"{typical[worst]:.1g} at point {worst + 1}): lines that are narrower than the frequency nodes are close"
    )


def _outer(x: Points, omega: Nodes) -> tuple[Float[Array, "points one"], Float[Array, "one nodes"]]:
    """x and omega, to be broadcast against each other."""
    return jnp.asarray(x, dtype=float)[:, None], jnp.asarray(omega)[None, :]
