"""The network ways beside the exact solver: what they cost to train, what they get wrong, and when they pay.

python benchmarks/neutron_star_networks.py                 # minutes on two cores
python benchmarks/neutron_star_networks.py --examples 300000 --steps 100000   # the papers' size
"""

import argparse
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.neutron_star.ansatz import GaussianProcessSoundSpeed
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.networks.emulator import EmulatedStars, EmulatorLearner, FivePolytropes, examples
from retrodict.neutron_star.networks.supervised import EDGES, SEGMENTS, InverseLearner, curves, observe, star_quantiles
from retrodict.neutron_star.stars.sequence import star_at_mass
from retrodict.run.loop import advance


def trained(learner, steps, seed=0):
    """The best parameters, and the CPU seconds that they cost."""
    method = Train(steps=steps, batch=256, learning_rate=Cosine(1e-3, 1e-6))
    start = time.process_time()
    finished = advance(learner, method, seed=seed)
    draws = method.finish(learner, finished.state, finished.history)
    return jax.tree.map(lambda leaf: leaf[0, 0], draws.position), time.process_time() - start


def headline(prediction):
    """M_max [Msun], R_1.4 [km], ln Lambda_1.4, and whether there is such a star."""
    star = star_at_mass(prediction.sequence, 1.4)
    values = jnp.stack([prediction.heaviest.mass, star.radius, jnp.log(star.tidal_deformability)])
    return values, star.valid & prediction.heaviest.valid & (prediction.heaviest.mass > 1.5)


def emulator_errors(emulated, ansatz, count, seed):
    """Absolute errors of the headline figures over random equations of state; rows of equations of state."""

    @eqx.filter_jit
    def compare(keys):
        def one(key):
            eos = ansatz(jr.normal(key, (ansatz.dim,)))
            (exact, usable), (learnt, _) = headline(Stars()(eos)[0]), headline(emulated(eos)[0])
            # The network knows stars with centres up to 7.4 n_sat only.
            return exact, learnt, usable & (Stars()(eos)[0].heaviest.central_density < 1.18)

        return jax.lax.map(one, keys, batch_size=200)

    exact, learnt, usable = jax.device_get(compare(jr.split(jr.key(seed), count)))
    return np.abs(learnt - exact)[usable]


def seconds_per_curve(forward, ansatz, count=400):
    """CPU seconds, after compilation, in batches of 50."""
    solve = eqx.filter_jit(lambda z: jax.lax.map(lambda x: forward(ansatz(x))[0].branch.maximum_mass, z, batch_size=50))
    z = jr.normal(jr.key(7), (count, ansatz.dim))
    jax.block_until_ready(solve(z))
    start = time.process_time()
    jax.block_until_ready(solve(z))
    return (time.process_time() - start) / count


def show_emulator(arguments):
    """Train, and print errors and costs."""
    start = time.process_time()
    learner = EmulatorLearner(examples(jr.key(0), arguments.examples), examples(jr.key(1), 2000))
    made = time.process_time() - start
    parameters, cost = trained(learner, arguments.steps)
    emulated = EmulatedStars(learner, parameters)
    print(
        f"emulator: {arguments.examples} equations of state in {made:.0f} CPU s, "
        f"{arguments.steps} steps in {cost:.0f} CPU s"
    )
    for family, ansatz in (
        ("held-out polytropes", FivePolytropes()),
        ("Gaussian-process family", GaussianProcessSoundSpeed()),
    ):
        error = emulator_errors(emulated, ansatz, 2000, 3)
        for name, unit, column in (("M_max", "Msun", 0), ("R_1.4", "km", 1), ("Lambda_1.4", "relative", 2)):
            median, high = np.quantile(error[:, column], [0.5, 0.95])
            print(
                f"  {family:<24} {name:<11} error: median {median:.2g}, "
                f"95 % {high:.2g} {unit} ({len(error)} equations of state)"
            )
    exact, learnt = (seconds_per_curve(f, GaussianProcessSoundSpeed()) for f in (Stars(), emulated))
    print(f"  cost of a curve: exact {1e3 * exact:.2f} ms, emulated {1e3 * learnt:.2f} ms: ratio {exact / learnt:.1f}")
    print(f"  curves that the exact solver would have made during generation and training: {(made + cost) / exact:.0f}")


def other_family(count, seed):
    """Curves of the Gaussian-process family with the mean sound speed of each of the five segments."""
    ansatz = GaussianProcessSoundSpeed()

    def one(key):
        eos = ansatz(jr.normal(key, (ansatz.dim,)))
        prediction, valid = Stars()(eos)
        fine = [jnp.linspace(np.log(EDGES[k]), np.log(EDGES[k + 1]), 16) for k in range(SEGMENTS)]
        speed = jnp.stack([jnp.mean(eos(x).sound_speed_squared) for x in fine])
        return speed, *star_quantiles(prediction.branch), valid & (prediction.branch.maximum_mass > 1.9)

    drawn = jax.device_get(eqx.filter_jit(lambda k: jax.lax.map(one, k, batch_size=200))(jr.split(jr.key(seed), count)))
    return tuple(leaf[drawn[3]] for leaf in drawn[:3])


def inverse_error(learner, parameters, speed, mass, radius, seed):
    """Root-mean-square error of c_s^2 in each segment on new observations."""
    keys = jr.split(jr.key(seed), len(speed))
    answer = jax.jit(jax.vmap(lambda k, m, r: learner.predict(parameters, observe(k, m, r, learner.stars))))(
        keys, jnp.asarray(mass), jnp.asarray(radius)
    )
    return np.sqrt(np.mean((np.asarray(answer) - speed) ** 2, axis=0))


def show_inverse(arguments):
    """Train, and print errors beside the spread of the prior."""
    start = time.process_time()
    held_out = curves(jr.key(11), 3000)
    learner = InverseLearner(curves(jr.key(10), arguments.examples), held_out)
    made = time.process_time() - start
    parameters, cost = trained(learner, arguments.steps)
    print(f"inverse network: curves in {made:.0f} CPU s, {arguments.steps} steps in {cost:.0f} CPU s")
    held = (np.asarray(held_out.speed), held_out.mass, held_out.radius)
    for family, data in (("held-out segments", held), ("Gaussian-process family", other_family(2000, 12))):
        error, spread = inverse_error(learner, parameters, *data, 13), np.std(data[0], axis=0)
        print(
            f"  {family:<24} rms error of c_s^2 by segment: {np.round(error, 3)}; "
            f"spread of the truths: {np.round(spread, 3)}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=30_000)
    parser.add_argument("--steps", type=int, default=8000)
    given = parser.parse_args()
    show_emulator(given)
    show_inverse(given)
