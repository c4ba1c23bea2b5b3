"""Figures of the heavy-quark potential: fit of precise mock data, its time, and coverage of the bands.

python benchmarks/hadron_quarkonium.py [mocks]        # 200 mocks by default
"""

import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.hadron.quarkonium.analysis import REPORTED, Quarkonium
from retrodict.hadron.quarkonium.classical import fit_screened
from retrodict.hadron.quarkonium.mock import TEMPERATURES, mock_states, true_potential, true_spectrum
from retrodict.hadron.quarkonium.potentials import GaussianProcessPotential, NeuralPotential
from retrodict.hadron.quarkonium.spectrum import BOTTOM
from retrodict.inference.gauss_newton import factorise, linearise
from retrodict.inference.laplace import gaussian_step
from retrodict.inference.least_squares import LevenbergMarquardt

PRECISE = 0.02  # of the errors of the mock data
DRAWS = 300
RADII = np.array(REPORTED)
PROBED = (RADII > 0.149) & (RADII < 1.001)


@eqx.filter_jit
def step(target, state):
    return LevenbergMarquardt(1e-3).step(target, state, None, jnp.asarray(0.0), jnp.asarray(1.0))


@eqx.filter_jit
def bands(target, centre, key):
    """16 and 84 % of V_R and V_I at the reported radii, shape (2, 2, temperatures, radii)."""
    at = linearise(target, centre)
    factor = factorise(at.jacobian)
    positions = centre + jax.vmap(lambda k: gaussian_step(at, factor, k))(jr.split(key, DRAWS))
    found = jax.vmap(lambda z: reported(target.ansatz(z)))(positions)
    return jnp.quantile(found, jnp.array([0.16, 0.84]), axis=0)


def reported(potential):
    return jnp.stack([potential.real, potential.imaginary])[:, :, -len(REPORTED) :]


def optimum(target, start, steps=400):
    """The most probable latents."""
    state = LevenbergMarquardt(1e-3).init(target, start)
    for _ in range(steps):
        state = step(target, state)
        if bool(state.stopped):
            break
    return state


def fit(name, ansatz):
    """Differences to the truth behind exact data with errors of 2 % of a lattice's."""
    begin = time.process_time()
    target = Quarkonium(ansatz=ansatz).posterior_of(mock_states(precision=PRECISE, noise=0.0))
    found = min(
        (optimum(target, target.init(jr.key(seed))) for seed in range(1 if name == "process" else 2)),
        key=lambda state: float(state.cost),
    )
    at = target.forward_pass(found.position)
    truth = true_potential(np.array(TEMPERATURES), np.array(REPORTED))
    mass, width = (
        np.max(np.abs(np.asarray(a) - np.asarray(b))) for a, b in zip(at.prediction, true_spectrum(), strict=True)
    )
    far = np.asarray(reported(at.unknown)) - np.stack([truth.real, truth.imaginary])
    rms = np.sqrt(np.mean(far[:, :, PROBED] ** 2, axis=2)).max(axis=1)
    seconds = time.process_time() - begin
    print(
        f"{name}: {target.dim} latents, {seconds:.0f} CPU s with compilation; dM {mass:.3f} MeV (asked 0.1), "
        f"dGamma {width:.3f} MeV (asked 1), largest rms dV_R {rms[0]:.2f}, dV_I {rms[1]:.2f} MeV (asked 5)"
    )


def coverage(name, ansatz, mocks, truth):
    """Share of radii of 0.15 to 1 fm inside the 68 % band, of a fixed truth or of draws of the prior."""
    begin = time.process_time()
    target = Quarkonium(ansatz=ansatz).posterior_of(mock_states())
    fixed = np.stack([*true_potential(np.array(TEMPERATURES), np.array(REPORTED))[:2]])
    inside = np.zeros((mocks, 2))
    for i in range(mocks):
        if truth == "prior":
            z = target.init(jr.key(1000 + i))
            one, true = target.simulated(jr.key(2000 + i), z), np.asarray(reported(target.ansatz(z)))
        else:
            other = Quarkonium(ansatz=ansatz).posterior_of(mock_states(i))
            one, true = target.with_data(other.likelihood.data), fixed
        state = optimum(one, jnp.zeros(target.dim))
        low, high = np.asarray(bands(one, state.position, jr.key(i)))
        inside[i] = np.mean(((true > low) & (true < high))[:, :, PROBED], axis=(1, 2))
    share, error = inside.mean(axis=0), inside.std(axis=0) / np.sqrt(mocks)
    print(
        f"{name}, truth of {truth}: coverage of 68 % bands over {mocks} mocks: V_R {share[0]:.3f} +- {error[0]:.3f}, "
        f"V_I {share[1]:.3f} +- {error[1]:.3f} (asked 0.63 ... 0.73); {time.process_time() - begin:.0f} CPU s",
        flush=True,
    )


def classical():
    """What the literature's potentials make of the mock data."""
    target = Quarkonium().posterior_of(mock_states())
    for strength in (False, True):
        found = fit_screened(target, strength=strength)
        dof = 60 - found.parameters
        print(f"screened potential, loss {'free' if strength else 'of hard thermal loops'}: {found.chi2:.0f}/{dof}")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"bottom quarks of {BOTTOM:g} MeV, {len(TEMPERATURES)} temperatures, 1S 2S 3S 1P 2P")
    fit("process", GaussianProcessPotential())
    fit("network", NeuralPotential())
    classical()
    coverage("process", GaussianProcessPotential(), count, "the mock potential")
    coverage("process", GaussianProcessPotential(), count, "prior")
    coverage("network", NeuralPotential(), max(count // 5, 1), "the mock potential")
