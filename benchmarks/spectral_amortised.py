"""A network trained on mock spectra beside the exact posterior mean: inside and outside the prior of its training set.

python benchmarks/spectral_amortised.py                       # about ten CPU minutes
python benchmarks/spectral_amortised.py --steps 20000 --truths 40
"""

import argparse
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import retrodict  # noqa: F401
from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.problem.covariance import Covariance
from retrodict.run.loop import advance
from retrodict.spectral.amortised import amortised_reconstruction, train_network
from retrodict.spectral.ansatz import PeaksAndContinuum
from retrodict.spectral.derived import Axis, ReportedRange
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.kernels import KallenLehmann
from retrodict.spectral.problems import spectral_posterior
from retrodict.spectral.published_loss import MOMENTA
from retrodict.spectral.shapes import DOUBLE, PROPAGATORS, add_noise, correlator_of, l2_relative, wsz_noise

EPS = 1e-3
OMEGA = np.linspace(0.04, 20.0, 200)
EXACT = correlator_of(KallenLehmann(), MOMENTA, DOUBLE)
SIGMA = wsz_noise(EXACT, MOMENTA, EPS)
SAMPLER = ConstrainedHMC(chains=8, warmup=30, draws=30, leapfrog=6)


def problem():
    """The default prior behind 25 momenta with the noise of the double peak at eps = 1e-3."""
    reported, axis = ReportedRange(OMEGA, ((0.04, 20.0),)), Axis(tuple(MOMENTA.tolist()), "momentum", "", "", "")
    kernel, grid = KallenLehmann(), frequency_grid_for(KallenLehmann(), MOMENTA)
    noise = Covariance.diagonal(jnp.asarray(SIGMA))
    return spectral_posterior(kernel, MOMENTA, EXACT, noise, PeaksAndContinuum(), grid, reported, axis)


def posterior_mean(posterior, data, seed):
    """rho averaged over exact draws, and how many."""
    target = posterior.with_data(jnp.asarray(data))
    finished = advance(target, SAMPLER, seed=seed)
    draws = SAMPLER.finish(target, finished.state, finished.history)
    rows = draws.position.reshape(-1, target.dim)
    rho = jax.jit(jax.vmap(lambda z: target.derived(z)["spectral_function"]))(rows)
    return np.asarray(jnp.mean(rho, axis=0))


def in_prior(posterior, network, count):
    """Truths of the training prior whose correlator is within a factor of three of the double peak's size."""
    pairs, seed = [], 0
    while len(pairs) < count:
        truth = posterior.init(jr.key(1000 + seed))
        mock = posterior.simulated(jr.key(5000 + seed), truth)
        data, rho = np.asarray(mock.likelihood.data), np.asarray(posterior.derived(truth)["spectral_function"])
        seed += 1
        if 1 / 3 < data[0] / EXACT[0] < 3:
            pairs.append(both(posterior, network, data, rho, seed))
    return np.array(pairs)


def both(posterior, network, data, truth, seed):
    """L2rel of the network and of the posterior mean."""
    answers = amortised_reconstruction(network, data).rho, posterior_mean(posterior, data, seed)
    return [l2_relative(answer, truth, OMEGA) for answer in answers]


def shape_data(shape):
    """A shape scaled to the size of the double peak at p = 0, and its noisy correlator."""
    exact = correlator_of(KallenLehmann(), MOMENTA, shape)
    scale = EXACT[0] / exact[0]
    return add_noise(jr.key(1), scale * exact, SIGMA), scale * np.asarray(shape(OMEGA))


def milliseconds(call, repeats=20):
    """CPU time, warm."""
    call()
    start = time.process_time()
    for _ in range(repeats):
        call()
    return 1e3 * (time.process_time() - start) / repeats


def main():
    """Train, then compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--truths", type=int, default=8, help="truths of the prior; 0 leaves the posterior mean out")
    options = parser.parse_args()
    posterior, start = problem(), time.process_time()
    network = train_network(posterior, steps=options.steps)
    print(
        f"{options.steps} steps of 128 spectra in {time.process_time() - start:.0f} CPU s, default prior, eps = {EPS:g}"
    )
    print(f"root-mean-square error of ln(1 + rho/m) on spectra held out: {network.validation**0.5:.3f}")
    cost = milliseconds(lambda: amortised_reconstruction(network, EXACT))
    print(f"one answer: {cost:.1f} CPU ms", flush=True)
    for name, shape in PROPAGATORS.items():
        data, truth = shape_data(shape)
        learnt = l2_relative(amortised_reconstruction(network, data).rho, truth, OMEGA)
        exact = l2_relative(posterior_mean(posterior, data, 0), truth, OMEGA) if options.truths else np.nan
        print(f"{name:28} network {learnt:7.3f}   posterior mean {exact:7.3f}", flush=True)
    if not options.truths:
        return
    start = time.process_time()
    pairs = in_prior(posterior, network, options.truths)
    seconds = (time.process_time() - start) / options.truths
    print(f"{'L2rel':28} network   posterior mean ({seconds:.0f} CPU s each)")
    low, middle, high = np.quantile(pairs, [0.16, 0.5, 0.84], axis=0)
    for name, row in ((f"prior, {len(pairs)} truths: median", middle), ("  16 %", low), ("  84 %", high)):
        print(f"{name:28} {row[0]:7.3f}   {row[1]:7.3f}", flush=True)


if __name__ == "__main__":
    main()
