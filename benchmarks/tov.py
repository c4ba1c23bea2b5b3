"""Accuracy, gradients and speed of the stellar-structure solver; prints every figure that the documentation quotes.

    taskset -c 0 python benchmarks/tov.py [--quick]

Times are CPU seconds of this process, so pin it to one core. Peers that are not installed are skipped aloud.
"""

import argparse
import importlib.metadata
import importlib.util
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import retrodict  # noqa: F401
from retrodict.neutron_star.eos import equation_of_state as eos
from retrodict.neutron_star.stars import march, reference, tov


def cpu_time(function, *arguments, repeats=5):
    """Compilation and the best of `repeats` runs [CPU s]."""
    start = time.process_time()
    compiled = jax.jit(function).lower(*arguments).compile()
    compilation = time.process_time() - start
    jax.block_until_ready(compiled(*arguments))
    best = np.inf
    for _ in range(repeats):
        start, count = time.process_time(), 0
        while time.process_time() - start < 0.15:
            jax.block_until_ready(compiled(*arguments))
            count += 1
        best = min(best, (time.process_time() - start) / count)
    return compilation, best


def smooth(latents, refine=1, refine_crust=None):
    """c_s^2 = sigmoid(cubic spline through the latents), 120 core intervals."""
    nodes = eos.core_nodes([jnp.log(0.1), jnp.log(1.3)], [120 * refine])
    points = (eos.interval_points(nodes) - nodes[0]) / (nodes[-1] - nodes[0])
    modes = jnp.arange(latents.size)
    phi = jnp.cos(jnp.pi * modes * points[..., None]) @ latents
    return eos.from_sound_speed(nodes, jax.nn.sigmoid(phi), refine_crust=refine_crust or refine)


LATENTS = jnp.array([-0.6, -0.9, 0.1, -0.1, 0.05, *np.zeros(15)])


def relative(sequence, layers, stars, rtol=1e-12):
    """Largest relative errors of M, R, Lambda, I over the stars."""
    rows = []
    for k in stars:
        exact = reference.star(layers, float(sequence.central_log_enthalpy[k]), rtol=rtol)
        mine = (
            sequence.mass,
            sequence.radius,
            sequence.tidal_deformability,
            sequence.moment_of_inertia / tov.INERTIA_UNIT,
        )
        rows.append([abs(float(a[k]) / b - 1.0) for a, b in zip(mine, exact, strict=True)])
    return np.max(rows, axis=0)


def published_polytropes(per_equation):
    """Errors over the whole list of Read et al., stars from 0.5 Msun to the maximum."""
    print(
        "\nPiecewise polytropes of Read et al. against DOP853 at rtol 1e-12: largest relative error of M, R, Lambda, I"
    )
    build = {r: jax.jit(partial(eos.from_piecewise_polytropes, refine=r)) for r in (1, 4)}
    solve = jax.jit(tov.solve, static_argnums=1)
    worst = {1: np.zeros(4), 4: np.zeros(4)}
    for name, (p1, *gamma) in reference.READ_ET_AL.items():
        layers, errors = reference.read_layers(p1, *gamma), {}
        coarse = solve(build[1](p1, jnp.array(gamma)))
        first, last = int(jnp.argmax(coarse.mass > 0.5)), int(jnp.argmax(coarse.mass))
        stars = np.unique(np.linspace(first, last, per_equation).astype(int))
        errors[1] = relative(coarse, layers, stars)
        fine = build[4](p1, jnp.array(gamma))
        chosen = solve(fine, tuple(int(fine.core_start + 4 * (k + 1)) for k in stars))
        errors[4] = relative(chosen, layers, range(len(stars)))
        worst = {r: np.maximum(worst[r], errors[r]) for r in worst}
        print(f"  {name:7s} default {_row(errors[1])}   fine {_row(errors[4])}", flush=True)
    print(f"  {'worst':7s} default {_row(worst[1])}   fine {_row(worst[4])}")


def _row(values):
    return " ".join(f"{v:.1e}" for v in values)


def smooth_matter():
    """Errors on a smooth sound speed against a grid eight times finer, and the order of convergence."""
    print(
        "\nSmooth sound speed: largest relative error of M, R, Lambda against the same on 1920 intervals, M > 0.5 Msun"
    )
    curves = {}
    for refine in (1, 2, 4, 16):
        matter = jax.jit(smooth, static_argnums=1)(LATENTS, refine)
        stars = tuple(int(matter.core_start + refine * k) for k in range(20, 121, 5))
        sequence = jax.jit(tov.solve, static_argnums=1)(matter, stars)
        curves[refine] = np.array([sequence.mass, sequence.radius, sequence.tidal_deformability])
    heavy = curves[16][0] > 0.5
    errors = {r: np.abs(curves[r] / curves[16] - 1.0)[:, heavy].max(axis=1) for r in (1, 2, 4)}
    for r, error in errors.items():
        print(f"  {120 * r} core intervals: {_row(error)}")
    orders = [np.log2(errors[r] / errors[2 * r]) for r in (1, 2)]
    print(f"  order of convergence from 120 to 240 and 240 to 480: {orders[0]} {orders[1]}")


def march_order():
    """From one state at one node on ever finer grids: the march itself, without the centre."""
    ends = {}
    for refine in (1, 2, 4, 16):
        matter = jax.jit(lambda r: smooth(LATENTS, r, 1), static_argnums=0)(refine)
        rise = matter.sound_speed_squared * jnp.diff(matter.log_density)[:, None]
        grid = march.Intervals(tov.CURVATURE * matter.energy_density, tov.CURVATURE * matter.pressure, rise)
        if refine == 1:
            state, first = tov.centres(grid, matter.core_start + np.array([60, 90]))
            offset = first - matter.core_start
        ends[refine] = np.array(march.march(grid, matter.core_start + refine * offset, state)[:3])
    errors = {r: np.abs(ends[r] / ends[16] - 1.0).max(axis=1) for r in (1, 2, 4)}
    orders = [np.log2(errors[r] / errors[2 * r]) for r in (1, 2)]
    print(f"  order of the march alone (u, w, z at the lowest node): {orders[0]} {orders[1]}")


def curve(latents):
    sequence = tov.solve(smooth(latents))
    return jnp.stack([sequence.mass, sequence.radius, jnp.log(jnp.abs(sequence.tidal_deformability))])


def scalars(latents):
    sequence = tov.solve(smooth(latents))
    typical = tov.star_at_mass(sequence, 1.4)
    return jnp.stack([tov.maximum_mass(sequence).mass, typical.radius, jnp.log(typical.tidal_deformability)])


def gradients():
    print("\nGradient of M_max, R_1.4, ln Lambda_1.4 along one direction: automatic against sixth-order differences")
    direction = jnp.asarray(np.random.default_rng(0).standard_normal(LATENTS.size))
    function = jax.jit(lambda t: scalars(LATENTS + t * direction))
    exact = jax.jit(jax.jacfwd(lambda t: scalars(LATENTS + t * direction)))(0.0)
    for step in (1e-3, 3e-4, 1e-4):
        at = [function(k * step) for k in (-3, -2, -1, 1, 2, 3)]
        difference = (45.0 * (at[3] - at[2]) - 9.0 * (at[4] - at[1]) + (at[5] - at[0])) / (60.0 * step)
        print(f"  step {step:g}: relative difference {_row(np.abs(difference / exact - 1.0))}")


def speed(sizes):
    print("\nSpeed, 120 stars with tides, float64, one core")
    loss = lambda latents: jnp.sum(curve(latents))  # noqa: E731
    compilation, forward = cpu_time(curve, LATENTS)
    print(f"  one curve: {1e3 * forward:.3f} ms = {1 / forward:.0f} per second; compilation {compilation:.1f} s")
    fastest = forward
    for size in sizes:
        compilation, batch = cpu_time(jax.vmap(curve), jnp.tile(LATENTS, (size, 1)))
        fastest = min(fastest, batch / size)
        rate = f"{1e3 * batch / size:.3f} ms = {size / batch:.0f} per second"
        print(f"  batch of {size}: {rate}; compilation {compilation:.1f} s")
    compilation, both = cpu_time(jax.value_and_grad(loss), LATENTS)
    print(f"  value and gradient: {1e3 * both:.2f} ms = {both / forward:.1f} forward; compilation {compilation:.1f} s")
    compilation, jacobian = cpu_time(jax.jacfwd(curve), LATENTS)
    cost = f"{1e3 * jacobian:.2f} ms = {jacobian / forward:.1f} forward"
    print(f"  Jacobian, 20 columns: {cost}; compilation {compilation:.1f} s")
    compilation, batch = cpu_time(jax.vmap(jax.value_and_grad(loss)), jnp.tile(LATENTS, (16, 1)))
    print(f"  value and gradient, batch of 16: {1e3 * batch / 16:.2f} ms each; compilation {compilation:.1f} s")
    return forward, both, fastest


def peers(forward, gradient, batched, size):
    """Ratios of the CPU times of other programs to ours, one curve of 120 stars with tides each."""
    print("\nPeers, in the same run")
    p1, *gamma = reference.READ_ET_AL["SLy"]
    layers = reference.read_layers(p1, *gamma)
    for rtol in (1e-6, 1e-10):
        start = time.process_time()
        for h in np.linspace(0.1, 0.5, 6):
            reference.star(layers, float(h), rtol=rtol)
        each = (time.process_time() - start) / 6
        ratio = 120 * each / forward
        print(f"  scipy DOP853 rtol {rtol:g}: {1e3 * each:.1f} ms a star = {ratio:.0f} times ours per curve")
    if found("lalsimulation"):
        print(f"    family of the SLy polytrope: {lalsimulation_curve() / forward:.0f} times ours per curve")
    if found("jesterTOV"):
        jester(forward, gradient, batched, size)


def found(name):
    """Whether a peer is installed; says so aloud where it is not."""
    if importlib.util.find_spec(name) is None:
        print(f"  {name}: SKIPPED, not installed here")
        return False
    print(f"  {name} {importlib.metadata.version({'lalsimulation': 'lalsuite'}.get(name, name))}:")
    return True


def lalsimulation_curve():
    """CPU seconds for a family of 100 stars of the SLy polytrope, scaled to 120."""
    import lalsimulation  # type: ignore[import-not-found]

    p1, *gamma = reference.READ_ET_AL["SLy"]
    matter = lalsimulation.SimNeutronStarEOS4ParameterPiecewisePolytrope(p1 - 1.0, *gamma)
    start = time.process_time()
    for _ in range(3):
        lalsimulation.CreateSimNeutronStarFamily(matter)
    return (time.process_time() - start) / 3 * 1.2


def jester(forward, gradient, batched, size):
    """120 stars of a table of SLy matter with tides. Its own equation of state is not timed, ours is."""
    from jesterTOV import tov as jester_tov  # type: ignore[import-not-found]
    from jesterTOV import utils  # type: ignore[import-not-found]

    matter = eos.from_piecewise_polytropes(jnp.asarray(34.384), jnp.array([3.005, 2.988, 2.851]), top_density=1.2)
    p, e = (a * utils.MeV_fm_inv3_to_geometric for a in (matter.node_pressure, matter.node_energy_density))
    slope = jnp.gradient(jnp.log(e), jnp.log(p))
    centres = jnp.exp(jnp.linspace(jnp.log(p[60]), jnp.log(p[-2]), 120))

    def stars(energy):
        table = {"p": p, "h": matter.log_enthalpy, "e": energy, "dloge_dlogp": slope}
        return jnp.stack(jax.vmap(lambda pc: jester_tov.tov_solver(table, pc))(centres))

    def report(what, function, argument, count, ours):
        compilation, seconds = cpu_time(function, argument, repeats=1)
        each = seconds / count
        print(
            f"    {what}: {1e3 * each:.1f} ms = {each / ours:.0f} times ours; compilation {compilation:.1f} s",
            flush=True,
        )

    report("one curve", stars, e, 1, forward)
    report("value and gradient", jax.value_and_grad(lambda energy: jnp.sum(stars(energy))), e, 1, gradient)
    report(f"batch of {size}", jax.vmap(stars), jnp.linspace(0.99, 1.01, size)[:, None] * e, size, batched)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two stars an equation of state, small batches")
    options = parser.parse_args()
    print(f"jax {jax.__version__} on {jax.default_backend()}")
    forward, gradient, batched = speed((16,) if options.quick else (16, 128))
    peers(forward, gradient, batched, 16 if options.quick else 1000)
    smooth_matter()
    march_order()
    gradients()
    published_polytropes(2 if options.quick else 8)


if __name__ == "__main__":
    main()
