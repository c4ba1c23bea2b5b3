r"""Smeared densities: estimates of $\int \Delta(\omega_*, \omega)\,\rho(\omega)/f(\omega)\,d\omega$ from a correlator.

No shape of rho is assumed: the estimate is linear in the data, $\hat\rho = g\cdot G$, and its expectation is exactly
the average of rho/f over the averaging kernel $\hat\Delta = f\,g\cdot K$. Hansen, Lupo and Tantalo choose g so that the
averaging kernel is as close as possible to a given one; Backus and Gilbert so that it is narrow.

Both minimise a quadratic form A[g] + mu B[g], B the variance. Their matrix squares the condition of the kernel, for
which the literature uses multi-precision arithmetic. Here the same minimum is found as a *least-squares* problem
through the singular values of the kernel itself in units of the noise, in float64: components below sqrt(mu) are
damped, and sqrt(mu) is above the rounding error of the singular values whenever mu > 1e-28 of the largest squared one,
far below what any noise allows. Only the noise-free limit mu -> 0 would need more digits; such a mu is refused.

Sources: Hansen, Lupo, Tantalo, PRD 99, 094508 (2019); Backus, Gilbert, Geophys. J. 16 (1968) 169.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from scipy.special import erf

from retrodict.base.errors import InputError
from retrodict.base.types import Float
from retrodict.spectral.classical.problem import LinearProblem, Nodes, Reconstruction, Rows

MIN_PENALTY: Final = 1e-28  # in units of the largest squared singular value
STABILITY_STEPS: Final = 4  # number of penalties over which a plateau must extend
ENERGIES: Final = 60  # of a reconstruction for comparison tables

Energies = Float[np.ndarray, " energies"]
Smearing = Callable[[float, Nodes], Nodes]  # of centre and frequencies
Coefficients = Float[np.ndarray, "energies rank"]  # g, of the whitened data
NarrowModes = tuple[Float[np.ndarray, "rank modes"], Float[np.ndarray, " modes"]]


class SmearedDensity(NamedTuple):
    """Smeared densities with their averaging kernels; mu is the penalty of the variance."""

    energy: Energies  # omega_*, the centres
    value: Energies  # the smeared densities
    error: Energies  # statistical
    systematic: Energies  # largest change of the value along the plateau; zero for a given mu
    mu: Energies  # weight of the variance
    misfit: Energies  # A[g]/A[0]: squared distance of the averaging kernel from the one asked for, relative
    averaging_kernel: Float[np.ndarray, "energies nodes"]  # over which rho/f is averaged


class Modes(NamedTuple):
    """The kernel in units of the noise, times f and the square root of the measure, as singular vectors."""

    left: Float[np.ndarray, "rank modes"]  # singular vectors in data space
    value: Float[np.ndarray, " modes"]  # singular values, falling
    right: Float[np.ndarray, "modes nodes"]  # singular vectors in frequency space
    root_measure: Nodes  # sqrt(weight exp(tilt omega))


def gaussian(width: float, energy: float, omega: Nodes) -> Nodes:
    """A normal density over all real frequencies.

    Args:
        width: standard deviation.
        energy: centre.
        omega: frequencies, shape `(nodes,)`.
    """
    return np.exp(-0.5 * ((omega - energy) / width) ** 2) / (width * np.sqrt(2 * np.pi))


def half_line_gaussian(width: float, energy: float, omega: Nodes) -> Nodes:
    """A normal density that is normalised over positive frequencies.

    Args:
        width: standard deviation.
        energy: centre.
        omega: frequencies, shape `(nodes,)`.
    """
    return gaussian(width, energy, omega) * 2 / (1 + erf(energy / (np.sqrt(2) * width)))


def cauchy(width: float, energy: float, omega: Nodes) -> Nodes:
    """A normalised Lorentzian: smearing with it gives the spectral function at a distance `width` from the real axis.

    Args:
        width: half width.
        energy: centre.
        omega: frequencies, shape `(nodes,)`.
    """
    return width / np.pi / ((omega - energy) ** 2 + width**2)


def modes(problem: LinearProblem, rescaling: Nodes | None = None, tilt: float = 0.0) -> Modes:
    """Singular vectors of the whitened kernel for the measure exp(tilt omega) d omega.

    Args:
        problem: the data with kernel, grid and default model.
        rescaling: f, shape `(nodes,)`; one unless given.
        tilt: exponent of the measure.
    """
    root = np.sqrt(problem.weight) * np.exp(np.minimum(0.5 * tilt * problem.omega, 300.0))
    scaled = problem.whitened_kernel * root * (1.0 if rescaling is None else rescaling)
    left, value, right = np.linalg.svd(scaled, full_matrices=False)
    return Modes(left, value, right, root)


def hansen_lupo_tantalo(
    problem: LinearProblem,
    energies: Energies,
    smearing: Smearing,
    *,
    mu: float | Energies | None = None,
    rescaling: Nodes | None = None,
    tilt: float = 0.0,
    unit_area: bool = False,
) -> SmearedDensity:
    r"""Estimate densities smeared with a given kernel (Hansen, Lupo, Tantalo).

    Minimises $\int e^{\alpha\omega}(\hat\Delta - \Delta)^2 d\omega + \mu\,g C g$.

    Args:
        problem: the data with kernel, grid and default model.
        energies: centres omega_*, shape `(energies,)`.
        smearing: Delta as a function of centre and frequencies.
        mu: weight of the variance; unless given, the onset of the plateau of each energy: the largest mu below which
            all changes of the value are smaller than its error.
        rescaling: f, shape `(nodes,)`; one unless given.
        tilt: alpha, with 0 <= alpha < 2 for the exponential kernel in lattice units.
        unit_area: enforce that the integral of the averaging kernel is one.

    Raises:
        InputError: if mu is below what float64 resolves.
    """
    kernel = modes(problem, rescaling, tilt)
    target = np.stack([smearing(float(energy), problem.omega) for energy in energies]) * kernel.root_measure
    scale = np.ones_like(problem.omega) if rescaling is None else rescaling
    area = (kernel.left.T @ (problem.whitened_operator @ scale)) if unit_area else None

    def finish(
        combined: Float[np.ndarray, "energies nodes"],
    ) -> tuple[Float[np.ndarray, "energies nodes"], Energies]:
        distance = np.sum((combined * scale * kernel.root_measure - target) ** 2, axis=1)
        return combined * scale, distance / np.sum(target**2, axis=1)

    solve = partial(_least_squares, kernel, target, area)
    return _collect(problem, energies, solve, float(kernel.value[0]) ** 2, mu, finish)


def backus_gilbert(
    problem: LinearProblem,
    energies: Energies,
    *,
    mu: float | Energies | None = None,
    rescaling: Nodes | None = None,
) -> SmearedDensity:
    r"""Densities averaged over the narrowest kernels of unit area: the least $\int(\omega - \omega_*)^2\hat\Delta^2
    d\omega + \mu\,r\,gCg$.

    r is the ratio of the largest squared singular values of the kernel with and without the factor
    $\omega - \omega_*$, so that one scale of mu applies to all energies. `misfit` of the result is the squared relative
    width of the averaging kernel.

    Args:
        problem: the data with kernel, grid and default model.
        energies: centres omega_*, shape `(energies,)`.
        mu: weight of the variance; the onset of the plateau of each energy unless given.
        rescaling: f, shape `(nodes,)`; the default model unless given, so that the width is finite.

    Raises:
        InputError: if mu is below what float64 resolves.
    """
    scale = problem.default if rescaling is None else rescaling
    rows = problem.whitened_kernel * np.sqrt(problem.weight) * scale
    area = problem.whitened_operator @ scale
    parts = [_narrow_modes(rows, problem.omega, float(energy)) for energy in energies]
    top = float(np.linalg.norm(rows, 2)) ** 2

    def finish(
        combined: Float[np.ndarray, "energies nodes"],
    ) -> tuple[Float[np.ndarray, "energies nodes"], Energies]:
        weighted = (combined * scale) ** 2 * problem.weight
        spread = np.sum(weighted * (problem.omega / energies[:, None] - 1) ** 2, axis=1)
        return combined * scale, spread / np.sum(weighted, axis=1)

    return _collect(problem, energies, partial(_narrowest, parts, area, top), top, mu, finish)


def smeared_reconstruction(problem: LinearProblem, relative_width: float = 0.25) -> Reconstruction:
    """Hansen-Lupo-Tantalo with Gaussians as a `Reconstruction`, rho/m smeared: for comparison tables.

    The result is a smeared density, not rho: its error does not include the effect of smearing.

    Args:
        problem: the data with kernel, grid and default model.
        relative_width: standard deviation of the Gaussians in units of the energy.
    """
    return _as_reconstruction(
        problem,
        lambda energies: hansen_lupo_tantalo(
            problem,
            energies,
            lambda energy, omega: half_line_gaussian(relative_width * energy, energy, omega),
            rescaling=problem.default,
        ),
        "Hansen-Lupo-Tantalo",
        "hansen2019",
    )


def narrow_reconstruction(problem: LinearProblem) -> Reconstruction:
    """Backus-Gilbert as a `Reconstruction`, for comparison tables: a smeared density, not rho.

    Args:
        problem: the data with kernel, grid and default model.
    """
    return _as_reconstruction(problem, partial(backus_gilbert, problem), "Backus-Gilbert", "backus1968")


def _as_reconstruction(
    problem: LinearProblem, method: Callable[[Energies], SmearedDensity], name: str, reference: str
) -> Reconstruction:
    low, high = problem.window
    energies = np.linspace(low, high, ENERGIES + 1)[1:]
    density = method(energies)
    value, error = (
        np.interp(problem.omega, energies, ratio) * problem.default
        for ratio in (density.value, np.hypot(density.error, density.systematic))
    )
    return Reconstruction(
        name=name,
        omega=problem.omega,
        rho=value,
        error=error,
        chi2=float("nan"),  # a smeared density is not meant to fit the data
        regulator=float("nan"),
        description=f"{name}: rho/m smeared, mu from the plateau of each energy; not an estimate of rho itself",
        references=(reference,),
    )


def _least_squares(
    kernel: Modes,
    target: Float[np.ndarray, "energies nodes"],
    area: Float[np.ndarray, " modes"] | None,
    mu: Energies,
) -> Coefficients:
    """Coefficients g of the whitened data."""
    damping = kernel.value**2 + mu[:, None]
    coefficients = (target @ kernel.right.T) * kernel.value / damping
    if area is not None:
        missing = 1 - coefficients @ area
        coefficients += missing[:, None] * (area / damping) / np.sum(area**2 / damping, axis=1)[:, None]
    return coefficients @ kernel.left.T


def _narrow_modes(rows: Float[np.ndarray, "rank nodes"], omega: Nodes, energy: float) -> NarrowModes:
    left, value, _ = np.linalg.svd(rows * np.abs(omega - energy), full_matrices=False)
    return left, value


def _narrowest(parts: list[NarrowModes], area: Float[np.ndarray, " rank"], top: float, mu: Energies) -> Coefficients:
    result = []
    for (left, value), penalty in zip(parts, mu, strict=True):
        direction = left @ ((left.T @ area) / (value**2 + penalty * value[0] ** 2 / top))
        result.append(direction / (area @ direction))
    return np.stack(result)


def _collect(
    problem: LinearProblem,
    energies: Energies,
    solve: Callable[[Energies], Coefficients],
    top: float,
    mu: float | Energies | None,
    finish: Callable[[Float[np.ndarray, "energies nodes"]], tuple[Float[np.ndarray, "energies nodes"], Energies]],
) -> SmearedDensity:
    """Choose mu, and compute value, errors and averaging kernel from the coefficients of the whitened data."""
    if mu is not None and np.min(mu) < MIN_PENALTY * top:
        raise InputError(
            "the penalty of the variance is below what float64 resolves",
            got=f"mu = {np.min(mu):.2g}",
            expected=f"at least {MIN_PENALTY * top:.2g}",
            why="without noise the problem has no solution of finite size",
        )
    data = problem.whitened_mean
    if mu is None:
        chosen, systematic = _plateau(lambda penalty: solve(np.full(len(energies), penalty)), data, top)
    else:
        chosen, systematic = np.broadcast_to(np.asarray(mu, dtype=float), energies.shape), np.zeros(len(energies))
    coefficients = solve(chosen)
    averaging, misfit = finish(coefficients @ problem.whitened_kernel)
    error = np.sqrt(np.sum(coefficients**2, axis=1))
    return SmearedDensity(energies, coefficients @ data, error, systematic, chosen, misfit, averaging)


def _plateau(
    solve: Callable[[float], Coefficients], data: Rows, top: float, decades: tuple[float, float] = (0.0, -22.0)
) -> tuple[Energies, Energies]:
    """The onset of stability of each energy, and the largest change of the value along the plateau.

    Source: Bulava et al., JHEP 07 (2022) 034 (stability analysis). Measured pulls of the two errors together have a
    root mean square between one and three: a plateau does not prove that the bias is small.
    """
    trials = top * 10.0 ** np.arange(decades[0], decades[1], -0.5)
    coefficients = np.stack([solve(mu) for mu in trials])
    value, error = coefficients @ data, np.sqrt(np.sum(coefficients**2, axis=2))
    onset = np.full(value.shape[1], len(trials) - STABILITY_STEPS - 1)
    drift = np.zeros_like(value)
    for k in reversed(range(len(trials) - STABILITY_STEPS)):
        later = slice(k + 1, k + 1 + STABILITY_STEPS)
        change = np.abs(value[later] - value[k])
        drift[k] = np.max(change, axis=0)
        onset = np.where(np.all(change < error[later], axis=0), k, onset)
    return trials[onset], drift[onset, np.arange(value.shape[1])]
