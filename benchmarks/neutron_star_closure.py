"""Closure: eleven exact stars of a known equation of state in, the most probable equation of state out.

Prints, for each truth, the largest |dP/P| from 1.5 n_sat to the centre of the heaviest of the eleven stars, what the
linearised posterior makes of it (in its standard deviations there), and the error of R_1.4. Mock stars have masses from
1 Msun to 98 % of the maximum and errors of 0.01 %, no noise. Where a truth becomes superluminal (APR4, ENG, MPA1, WFF1)
the heaviest star is the last one with a causal centre, so that the pressures compared are causal throughout. The crust
join is a latent; with `--fixed-join` it is not, and stiff matter fails.

The prior is the package's default; what it says before any data is printed first. `--length` is its correlation
length in e-folds of the density, `--error` the relative error that is claimed for the exact stars.

    python benchmarks/neutron_star_closure.py [--fixed-join] [--modes 20] [--length 0.7] [--intervals 96] [--error 1e-4]
"""

import argparse
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy.optimize import least_squares

import retrodict  # noqa: F401
from retrodict.base.constants import SATURATION_DENSITY
from retrodict.inference.gauss_newton import covariance
from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed, RandomFunction
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, from_piecewise_polytropes
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.likelihood.measured_stars import ProfileMassRadius
from retrodict.neutron_star.likelihood.noise import mass_radius_errors
from retrodict.neutron_star.stars.sequence import mass_radius_curve, maximum_mass, star_at_mass
from retrodict.neutron_star.stars.tov import solve
from retrodict.problem.posterior import Posterior

# log10 p1 [dyn cm^-2] and indices: Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009), Table III.
TRUTHS = {
    "SLy": (34.384, 3.005, 2.988, 2.851),
    "APR4": (34.269, 2.830, 3.445, 3.348),
    "H4": (34.669, 2.909, 2.246, 2.144),
    "MS1": (34.858, 3.224, 3.033, 1.325),
    "ENG": (34.437, 3.514, 3.130, 3.168),
    "MPA1": (34.495, 3.446, 3.572, 2.887),
    "ALF2": (34.616, 4.070, 2.411, 1.890),
    "WFF1": (34.031, 2.519, 3.791, 3.660),
}


def mock_stars(truth: EquationOfState) -> tuple[np.ndarray, float, float]:
    """Eleven exact stars `(11, 2)`, the central density of the heaviest [fm^-3], and R_1.4 [km]."""
    sequence = jax.jit(solve)(truth)
    usable = np.asarray(sequence.valid) & (np.asarray(sequence.mass) > 0.5)
    heaviest = min(float(maximum_mass(sequence).mass), float(np.asarray(sequence.mass)[usable].max()))
    stars = jax.jit(mass_radius_curve)(sequence, jnp.linspace(1.0, 0.98 * heaviest, 11))
    measured = np.stack([stars.mass, stars.radius], axis=1)
    return measured, float(stars.central_density[-1]), float(star_at_mass(sequence, 1.4).radius)


def exact(measured: np.ndarray, error: float) -> ProfileMassRadius:
    """The likelihood of the mock stars."""
    errors = mass_radius_errors(error * measured[:, 0], error * measured[:, 1])
    return ProfileMassRadius(jnp.asarray(measured), errors)


def reconstruct(
    ansatz: GaussianProcessSoundSpeed, zero: ProfileMassRadius, starts: int, fixed: bool
) -> tuple[np.ndarray, float, float]:
    """The best of a few Levenberg-Marquardt searches: latents, chi2, seconds."""
    residual, jacobian = compiled(ansatz)
    free = np.ones(ansatz.dim, dtype=bool)
    free[-1] = not fixed
    best = None

    def whole(z: np.ndarray) -> np.ndarray:
        return np.where(free, z, 0.0)

    began = time.perf_counter()
    for seed in range(starts):
        start = 0.5 * np.random.default_rng(seed).normal(size=ansatz.dim) * (seed > 0)
        for temperature in (100.0, 10.0, 1.0):  # from loose data to exact ones: few searches get stuck
            found = least_squares(
                lambda z, t=temperature: np.asarray(residual(whole(z), zero, t)),
                start,
                lambda z, t=temperature: np.asarray(jacobian(whole(z), zero, t)) * free,
                method="trf",
                max_nfev=60,
            )
            start = found.x
        if best is None or found.cost < best.cost:
            best = found
    z = whole(best.x)
    return z, float(np.sum(best.fun[:22] ** 2)), time.perf_counter() - began


def compiled(ansatz: GaussianProcessSoundSpeed):
    """Residuals and their Jacobian as functions of latents, data and temperature: compiled once for all truths."""
    if ansatz not in _COMPILED:

        def residual(z, likelihood, temperature):
            target = Posterior(ansatz, Stars(), likelihood)
            return jnp.concatenate([target.residual(z) / temperature, target.prior_residual(z)])

        _COMPILED[ansatz] = jax.jit(residual), jax.jit(jax.jacfwd(residual))
    return _COMPILED[ansatz]


_COMPILED: dict = {}


def extrema(ansatz: GaussianProcessSoundSpeed, draws: int = 2000) -> np.ndarray:
    """How many extrema c_s^2 has between 1 and 8 n_sat: one number for each draw of the prior."""
    x = jnp.linspace(np.log(SATURATION_DENSITY), np.log(8 * SATURATION_DENSITY), 200)
    z = jr.normal(jr.key(0), (draws, ansatz.dim))
    speed = np.asarray(jax.jit(lambda z: jax.lax.map(lambda z: ansatz(z)(x).sound_speed_squared, z, batch_size=100))(z))
    return np.sum(np.diff(np.sign(np.diff(speed, axis=1)), axis=1) != 0, axis=1)


def log_pressure_errors(ansatz: GaussianProcessSoundSpeed, z: np.ndarray, x: jax.Array, jacobian) -> np.ndarray:
    """Standard deviation of ln P at `x` = ln n, of the posterior linearised at `z`."""
    slope = jax.jit(jax.jacfwd(lambda z: jnp.log(ansatz(z)(x).pressure)))(jnp.asarray(z))
    spread = covariance(jnp.asarray(jacobian)[: -len(z)])
    return np.sqrt(np.einsum("ni,ij,nj->n", slope, spread, slope))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixed-join", action="store_true")
    parser.add_argument("--modes", type=int, default=20)
    parser.add_argument("--length", type=float, default=RandomFunction().length)
    parser.add_argument("--error", type=float, default=1e-4)
    parser.add_argument("--intervals", type=int, default=96)
    parser.add_argument("--starts", type=int, default=1)
    options = parser.parse_args()
    process = RandomFunction(options.modes, 1.0, options.length)
    ansatz = GaussianProcessSoundSpeed(CoreGrid(intervals=options.intervals), process)
    few = extrema(ansatz) <= 2
    print(f"prior: {np.mean(few):.0%} of the sound speeds have no more than a peak and a dip between 1 and 8 n_sat")
    heads = ("truth", "chi2", "max |dP/P|", "in sigma", "at n/n_sat", "dR_1.4 [m]", "n_c", "seconds")
    print(("{:6} {:>9} {:>11} {:>9} {:>10} {:>11} {:>5} {:>8}").format(*heads))
    for name, (log10_p1, *gamma) in TRUTHS.items():
        truth = from_piecewise_polytropes(jnp.asarray(log10_p1), jnp.asarray(gamma))
        measured, centre, radius = mock_stars(truth)
        likelihood = exact(measured, options.error)
        z, chi2, seconds = reconstruct(ansatz, likelihood, options.starts, options.fixed_join)
        found = ansatz(z)
        density = np.linspace(1.5 * SATURATION_DENSITY, centre, 60)
        x = jnp.log(jnp.asarray(density))
        error = np.asarray(found(x).pressure / truth(x).pressure - 1)
        worst = int(np.argmax(np.abs(error)))
        spread = log_pressure_errors(ansatz, z, x, compiled(ansatz)[1](z, likelihood, 1.0))
        delta = 1e3 * (float(star_at_mass(jax.jit(solve)(found), 1.4).radius) - radius)
        print(
            f"{name:6} {chi2:9.3f} {error[worst]:+11.2%} {np.log1p(error[worst]) / spread[worst]:+9.1f}"
            f" {density[worst] / SATURATION_DENSITY:10.2f} {delta:+11.2f} {centre / SATURATION_DENSITY:5.2f}"
            f" {seconds:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
