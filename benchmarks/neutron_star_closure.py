"""Closure: eleven exact stars of a known equation of state in, the most probable equation of state out.

Prints, for each truth, the largest |dP/P| from 1.5 n_sat to the centre of the heaviest of the eleven stars, and the
error of R_1.4. Mock stars have masses from 1 Msun to 98 % of the maximum (causal part only) and errors of 0.03 %, no
noise. The crust join is a latent; with `--fixed-join` it is not, and stiff matter fails.

    python benchmarks/neutron_star_closure.py [--fixed-join] [--modes 30] [--length 0.5] [--intervals 96] [--all]
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares

import retrodict  # noqa: F401
from retrodict.base.constants import SATURATION_DENSITY
from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed, RandomFunction
from retrodict.neutron_star.eos import EquationOfState, from_piecewise_polytropes
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.likelihood import ProfileMassRadius
from retrodict.neutron_star.noise import mass_radius_errors
from retrodict.neutron_star.sequence import mass_radius_curve, maximum_mass, star_at_mass
from retrodict.neutron_star.tov import solve
from retrodict.problem.posterior import Posterior

# log10 p1 [dyn cm^-2] and indices: Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009), Table III.
TRUTHS = {
    "SLy": (34.384, 3.005, 2.988, 2.851),
    "APR4": (34.269, 2.830, 3.445, 3.348),
    "H4": (34.669, 2.909, 2.246, 2.144),
    "MS1": (34.858, 3.224, 3.033, 1.325),
}
OTHERS = {
    "ENG": (34.437, 3.514, 3.130, 3.168),
    "MPA1": (34.495, 3.446, 3.572, 2.887),
    "ALF2": (34.616, 4.070, 2.411, 1.890),
    "WFF1": (34.031, 2.519, 3.791, 3.660),
}
ERROR = 3e-4


def mock_stars(truth: EquationOfState) -> tuple[np.ndarray, float, float]:
    """Eleven exact stars `(11, 2)`, the central density of the heaviest [fm^-3], and R_1.4 [km]."""
    sequence = jax.jit(solve)(truth)
    usable = np.asarray(sequence.valid) & (np.asarray(sequence.mass) > 0.5)
    heaviest = min(float(maximum_mass(sequence).mass), float(np.asarray(sequence.mass)[usable].max()))
    stars = jax.jit(mass_radius_curve)(sequence, jnp.linspace(1.0, 0.98 * heaviest, 11))
    measured = np.stack([stars.mass, stars.radius], axis=1)
    return measured, float(stars.central_density[-1]), float(star_at_mass(sequence, 1.4).radius)


def reconstruct(ansatz: GaussianProcessSoundSpeed, measured: np.ndarray, starts: int, fixed: bool) -> tuple:
    """The best of a few Levenberg-Marquardt searches: latents, chi2, seconds."""
    errors = mass_radius_errors(ERROR * measured[:, 0], ERROR * measured[:, 1])
    zero = ProfileMassRadius(jnp.asarray(measured), errors)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixed-join", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--modes", type=int, default=30)
    parser.add_argument("--length", type=float, default=0.5)
    parser.add_argument("--intervals", type=int, default=96)
    parser.add_argument("--starts", type=int, default=2)
    options = parser.parse_args()
    process = RandomFunction(options.modes, 1.0, options.length)
    ansatz = GaussianProcessSoundSpeed(CoreGrid(intervals=options.intervals), process)
    print(f"{'truth':6} {'chi2':>9} {'max |dP/P|':>11} {'at n/n_sat':>10} {'dR_1.4 [m]':>11} {'n_c':>5} {'seconds':>8}")
    for name, (log10_p1, *gamma) in (TRUTHS | (OTHERS if options.all else {})).items():
        truth = from_piecewise_polytropes(jnp.asarray(log10_p1), jnp.asarray(gamma))
        measured, centre, radius = mock_stars(truth)
        z, chi2, seconds = reconstruct(ansatz, measured, options.starts, options.fixed_join)
        found = ansatz(z)
        density = np.linspace(1.5 * SATURATION_DENSITY, centre, 60)
        x = jnp.log(jnp.asarray(density))
        error = np.asarray(found(x).pressure / truth(x).pressure - 1)
        worst = int(np.argmax(np.abs(error)))
        delta = 1e3 * (float(star_at_mass(jax.jit(solve)(found), 1.4).radius) - radius)
        print(
            f"{name:6} {chi2:9.3f} {error[worst]:+11.2%} {density[worst] / SATURATION_DENSITY:10.2f} {delta:+11.2f}"
            f" {centre / SATURATION_DENSITY:5.2f} {seconds:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
