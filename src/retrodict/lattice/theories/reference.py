r"""Exact answers for lattice theories: closed forms, sums, quadratures and transfer matrices. NumPy and SciPy only."""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float
from scipy.special import ive

Potential: TypeAlias = Callable[[Float[np.ndarray, " points"]], Float[np.ndarray, " points"]]

# --- two-dimensional Ising model --------------------------------------------------------------------------------------


def ising_log_partition(extent: int, coupling: float, other: int | None = None) -> float:
    r"""ln Z of the Ising model on a torus.

    Args:
        extent: one extent of the torus.
        coupling: K = J / T > 0.
        other: the other extent; the same by default.

    Source: Kaufman, Phys. Rev. 76 (1949) 1232: four products over momenta, evaluated in logarithms.
    """
    n, m = extent, extent if other is None else other
    gamma = np.arccosh(np.cosh(2 * coupling) / np.tanh(2 * coupling) - np.cos(np.pi * np.arange(1, 2 * n) / n))
    gamma = np.concatenate([[2 * coupling + np.log(np.tanh(coupling))], gamma])
    odd, even = 0.5 * m * gamma[1::2], 0.5 * m * gamma[0::2]
    terms = [
        (np.sum(_log_two_cosh(odd)), 1.0),
        (np.sum(_log_two_abs_sinh(odd)), float(np.prod(np.sign(odd)))),
        (np.sum(_log_two_cosh(even)), 1.0),
        (np.sum(_log_two_abs_sinh(even)), float(np.prod(np.sign(even)))),
    ]
    largest = max(log for log, _ in terms)
    total = sum(sign * np.exp(log - largest) for log, sign in terms)
    return float(np.log(total) + largest + 0.5 * n * m * np.log(2 * np.sinh(2 * coupling)) - np.log(2))


def ising_energy(extent: int, coupling: float) -> float:
    """-<s s'> summed over bonds, per site, on a square torus: -d ln Z / dK / V.

    Args:
        extent: extent of the torus.
        coupling: K = J / T > 0.
    """
    return -_derivative(lambda k: ising_log_partition(extent, k), coupling, 1e-3) / extent**2


def _log_two_cosh(x: Float[np.ndarray, " momenta"]) -> Float[np.ndarray, " momenta"]:
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))


def _log_two_abs_sinh(x: Float[np.ndarray, " momenta"]) -> Float[np.ndarray, " momenta"]:
    with np.errstate(divide="ignore"):  # at the critical coupling one momentum vanishes: its product is zero
        return np.abs(x) + np.log(-np.expm1(-2 * np.abs(x)))


# --- two-dimensional gauge theory -------------------------------------------------------------------------------------

SUM: Final = 200  # representations


def u1_plaquette(beta: float, plaquettes: int) -> float:
    r"""$\langle\cos\theta_p\rangle = \sum_n I_n^{V-1}I_n'/\sum_n I_n^V$ of U(1) on a torus of V plaquettes."""
    n = np.arange(-SUM, SUM + 1)
    bessel = ive(np.abs(n), beta)
    slope = 0.5 * (ive(np.abs(n - 1), beta) + ive(np.abs(n + 1), beta))
    ratio = bessel / bessel.max()
    return float(np.sum(ratio ** (plaquettes - 1) * slope) / np.sum(ratio ** (plaquettes - 1) * bessel))


def u1_log_partition(beta: float, plaquettes: int) -> float:
    r"""$\ln Z = \ln\sum_n (e^{-\beta}I_n(\beta))^V$ of U(1) on V plaquettes of a torus; links have measure one."""
    n = np.arange(-SUM, SUM + 1)
    ratio = ive(np.abs(n), beta) / ive(0, beta)
    return float(plaquettes * np.log(ive(0, beta)) + np.log(np.sum(ratio**plaquettes)))


def u1_wilson_loop(beta: float, plaquettes: int, area: int) -> float:
    r"""$\langle\cos\theta(A)\rangle = \sum_n I_n^{V-A} I_{n+1}^A / \sum_n I_n^V$ of a loop around A plaquettes.

    Args:
        beta: the coupling.
        plaquettes: their number on the torus.
        area: number A of plaquettes inside the loop.
    """
    n = np.arange(-SUM, SUM + 1)
    ratio, raised = ive(np.abs(n), beta) / ive(0, beta), ive(np.abs(n + 1), beta) / ive(0, beta)
    return float(np.sum(ratio ** (plaquettes - area) * raised**area) / np.sum(ratio**plaquettes))


def u1_susceptibility(beta: float, plaquettes: int) -> float:
    r"""$\chi_t = \langle Q^2\rangle / V$: minus the curvature of $\ln\sum_n a_n(\theta)^V$ at zero, divided by V.

    $a_n(\theta) = \int\frac{d\phi}{2\pi}\,e^{\beta\cos\phi}\cos((n+\theta/2\pi)\phi)$, differentiated inside.
    """
    most = 12 + int(6 * np.sqrt(beta))
    orders = np.arange(-most, most + 1)
    nodes, weight = np.polynomial.legendre.leggauss(400)
    phi = np.pi * nodes
    weight = 0.5 * weight * np.exp(beta * (np.cos(phi) - 1))
    phase = np.multiply.outer(orders, phi)
    a = np.cos(phase) @ weight
    first = -np.sin(phase) @ (weight * phi) / (2 * np.pi)
    second = -np.cos(phase) @ (weight * phi**2) / (4 * np.pi**2)
    ratio = (a / a.max()) ** (plaquettes - 2)
    curvature = plaquettes * ratio * (a * second + (plaquettes - 1) * first**2)
    return float(-np.sum(curvature) / np.sum(ratio * a**2) / plaquettes)


def u1_charges(beta: float, plaquettes: int, largest: int) -> Float[np.ndarray, " charges"]:
    r"""The probabilities of Q = 0 ... `largest` (and, each, of -Q) on a torus of V plaquettes.

    $p(Q) = \int_0^{2\pi}\frac{d\theta}{2\pi}\cos(Q\theta)\,Z(\theta)/Z(0)$ with
    $Z(\theta) = \sum_n a_n(\theta)^V$ and the $a_n$ of `u1_susceptibility`.

    Args:
        beta: the coupling.
        plaquettes: their number V on the torus.
        largest: the largest charge.
    """
    most = 12 + int(6 * np.sqrt(beta))
    nodes, weight = np.polynomial.legendre.leggauss(400)
    phi, weight = np.pi * nodes, 0.5 * weight * np.exp(beta * (np.cos(np.pi * nodes) - 1))
    count = max(64, 8 * largest)
    theta = 2 * np.pi * np.arange(count) / count
    orders = np.arange(-most, most + 1) + theta[:, None] / (2 * np.pi)
    a = np.cos(np.multiply.outer(orders, phi)) @ weight
    z = np.sum((a / a.max()) ** plaquettes, axis=1)
    return np.array([np.mean(np.cos(q * theta) * z) for q in range(largest + 1)]) / z[0]


def su2_plaquette(beta: float) -> float:
    r"""$I_2(\beta)/I_1(\beta)$: SU(2) in two dimensions and infinite volume, or with open boundaries."""
    return float(ive(2, beta) / ive(1, beta))


def su3_plaquette(beta: float) -> float:
    r"""SU(3) in two dimensions: $\frac{d}{d\beta}\ln\sum_q\det I_{q+i-j}(\beta/3)$ (Bars, Green; Drouffe, Zuber)."""

    def log_weight(b: float) -> float:
        i = np.arange(3)
        total = sum(np.linalg.det(ive(np.abs(q + i[:, None] - i), b / 3)) for q in range(-30, 31))
        return float(np.log(total) + b)

    return _derivative(log_weight, beta, 1e-3)


# --- small lattices by quadrature -------------------------------------------------------------------------------------


def xy_bond(beta: float, points: int = 48) -> float:
    """<cos(theta - theta')> of the XY model on the 2 x 2 torus, where each pair of neighbours has two bonds.

    A ring of four spins with coupling 2 beta: its Fourier coefficients are Bessel functions.
    """
    n = np.arange(-points, points + 1)
    bessel = ive(np.abs(n), 2 * beta)
    slope = 0.5 * (ive(np.abs(n - 1), 2 * beta) + ive(np.abs(n + 1), 2 * beta))
    return float(np.sum(bessel**3 * slope) / np.sum(bessel**4))


def phi4_two_by_two(kappa: float, lam: float, points: int = 160, largest: float = 6.0) -> dict[str, float]:
    """<phi^2>, V <M^2>, <S>/V and ln Z of phi^4 on the 2 x 2 torus: a ring of four fields with doubled bonds.

    By a transfer matrix on Gauss-Legendre nodes; M^2 follows from the two-point functions of the ring.

    Args:
        kappa: the hopping parameter.
        lam: the quartic coupling.
        points: number of nodes.
        largest: largest field of the grid.

    Returns:
        `phi2`, `V_M2`, `action_density` and `ln_Z`.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    x, w = largest * nodes, largest * weights
    local = (1 - 2 * lam) * x**2 + lam * x**4
    half = np.sqrt(w) * np.exp(-0.5 * local)
    transfer = half[:, None] * np.exp(4 * kappa * np.multiply.outer(x, x)) * half
    two = transfer @ transfer
    z = float(np.sum(two * two.T))
    square = float(np.sum((x**2)[:, None] * two * two.T)) / z
    near = float(np.einsum("i,ij,j,ji->", x, transfer, x, transfer @ two)) / z
    far = float(np.einsum("i,ij,j,ji->", x, two, x, two)) / z
    quartic = float(np.sum((x**4)[:, None] * two * two.T)) / z
    density = (1 - 2 * lam) * square + lam * quartic - 4 * kappa * near
    return {"phi2": square, "V_M2": square + 2 * near + far, "action_density": density, "ln_Z": float(np.log(z))}


# --- quantum mechanics ------------------------------------------------------------------------------------------------


def harmonic_x2(sites: int, spacing: float, omega: float = 1.0) -> float:
    """<x^2> of the discretised harmonic oscillator on a periodic path.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        omega: the frequency.

    Source: Creutz, Freedman, Ann. Phys. 132 (1981) 427.
    """
    root = np.sqrt(1 + (spacing * omega) ** 2 / 4)
    r = 1 + (spacing * omega) ** 2 / 2 - spacing * omega * root
    return float((1 + r**sites) / (1 - r**sites) / (2 * omega * root))


def path_moments(
    sites: int, spacing: float, potential: Potential, points: int = 400, largest: float = 6.0
) -> dict[str, float]:
    """<x^2>, <x^4> and ln Z of a periodic path by the transfer matrix; ln Z with the plain measure prod dx.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        potential: V(x).
        points: number of positions of the grid.
        largest: largest position of the grid.

    Returns:
        `x2`, `x4` and `ln_Z`.
    """
    x, share, log_z = _transferred(sites, spacing, potential, points, largest)
    return {"x2": float(share @ x**2), "x4": float(share @ x**4), "ln_Z": log_z}


def path_density(
    sites: int, spacing: float, coefficients: tuple[float, ...], points: int = 400, largest: float = 6.0
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """The probability density of the position at any time.

    Args:
        sites: number of times.
        spacing: distance between neighbouring times, in units of the inverse energy.
        coefficients: c_n of V = sum_n c_n x^(2 n).
        points: number of positions of the grid.
        largest: largest position of the grid.

    Returns:
        The positions and their density.
    """
    x, share, _ = _transferred(sites, spacing, even_potential(coefficients), points, largest)
    return x, share / (x[1] - x[0])


def even_potential(coefficients: tuple[float, ...]) -> Potential:
    """V = sum_n c_n x^(2 n)."""
    return lambda x: sum((c * x ** (2 * n) for n, c in enumerate(coefficients)), np.zeros_like(x))


def _transferred(
    sites: int, spacing: float, potential: Potential, points: int, largest: float
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"], float]:
    """The grid, the probability of each of its points, ln Z."""
    x = np.linspace(-largest, largest, points)
    step = x[1] - x[0]
    kinetic = (x[:, None] - x) ** 2 / (2 * spacing)
    v = spacing * potential(x)
    transfer = step * np.exp(-kinetic - 0.5 * (v[:, None] + v))
    values, vectors = np.linalg.eigh(transfer)
    share = (values / values[-1]) ** sites
    return x, (vectors**2 @ share) / share.sum(), float(sites * np.log(values[-1]) + np.log(share.sum()))


def energies(
    potential: Potential, levels: int = 3, points: int = 400, largest: float = 6.0
) -> Float[np.ndarray, " levels"]:
    """The lowest eigenvalues of p^2/2 + V on a line, by the Colbert-Miller discrete variable representation.

    Args:
        potential: V(x).
        levels: number of eigenvalues.
        points: number of positions of the grid.
        largest: largest position of the grid.
    """
    x = np.linspace(-largest, largest, points)
    step, i = x[1] - x[0], np.arange(points)
    difference = i[:, None] - i
    off = 2.0 / np.where(difference == 0, 1, difference) ** 2
    kinetic = np.where(difference == 0, np.pi**2 / 3, off) * (-1.0) ** np.abs(difference) / (2 * step**2)
    return np.linalg.eigvalsh(kinetic + np.diag(potential(x)))[:levels]


def _derivative(function: Callable[[float], float], x: float, h: float) -> float:
    """Central differences to sixth order."""
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    return sum(weight * (function(x + k * h) - function(x - k * h)) for k, weight in weights.items()) / h
