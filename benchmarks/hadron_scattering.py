"""Accuracy and speed of the scattering solvers; prints every figure that the documentation quotes.

    taskset -c 0 python benchmarks/hadron_scattering.py

Times are CPU seconds of this process, so pin it to one core. Peers that are not installed are skipped aloud.
"""

import argparse
import importlib.metadata
import importlib.util
import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import loggamma

import retrodict  # noqa: F401
from retrodict.base.constants import HBAR_C
from retrodict.hadron.potentials import literature
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter
from retrodict.hadron.scattering.effective_range import effective_range
from retrodict.hadron.scattering.finite_volume import finite_volume_levels, luescher_k_cot_delta
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import scattering_states
from retrodict.hadron.scattering.poles import find_poles
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, phase_shift

MASS = 500.0  # reduced, MeV
IN_MEV = HBAR_C**2 / 2 / MASS  # 1 fm^-2 of 2 mu V
STRENGTH, SLOPE = 2.6, 0.9  # of the Poeschl-Teller potential
MOMENTA = np.linspace(5.0, 300.0, 60)


def cpu_time(function, *arguments, repeats=7):
    """The best of `repeats` [CPU s]."""
    jax.block_until_ready(function(*arguments))
    best = np.inf
    for _ in range(repeats):
        start, count = time.process_time(), 0
        while time.process_time() - start < 0.1:
            jax.block_until_ready(function(*arguments))
            count += 1
        best = min(best, (time.process_time() - start) / count)
    return best


def poeschl_teller(q):
    """delta [rad], q in fm^-1."""
    phase = lambda z: loggamma(z).imag  # noqa: E731
    k = 1j * q / SLOPE
    there = phase((STRENGTH + 1 + k) / 2) + phase(1 - STRENGTH / 2 + k / 2)
    return np.pi / 2 + phase(k) - q / SLOPE * np.log(2) - there


def force(r):
    """V(r) [MeV]."""
    return literature.poeschl_teller(jnp.asarray(r), strength=STRENGTH, slope=SLOPE, reduced_mass=MASS)


def square_well(q, depth, radius, l, charges):  # noqa: E741
    """delta [rad] with Coulomb force; depth in fm^-2."""
    inside = np.sqrt(q**2 + depth)
    eta = sommerfeld_parameter(q * HBAR_C, MASS, charges)
    F, slope, _, _ = coulomb_functions(l, eta * q / inside, inside * radius)
    slope = inside * slope / F
    F, F_slope, G, G_slope = coulomb_functions(l, eta, q * radius)
    return np.arctan((slope * F - q * F_slope) / (q * G_slope - slope * G))


def worst(found, wanted):
    """Largest difference modulo pi."""
    apart = np.asarray(found) - wanted
    return np.max(np.abs(apart - np.pi * np.round(apart / np.pi)))


def numerov(step, points, potential=force, **options):
    """Phase shifts at all momenta."""
    grid = RadialGrid(step, points)
    values = potential(grid.r)
    return scattering_states(values, jnp.asarray(MOMENTA), grid=grid, reduced_mass=MASS, **options).phase_shift


def accuracy():
    q = MOMENTA / HBAR_C
    print("\nLargest error of a phase shift [rad], 60 momenta from 5 to 300 MeV")
    for step in (0.04, 0.02, 0.01, 0.005):
        error = worst(numerov(step, round(20 / step)), poeschl_teller(q))
        print(f"  Poeschl-Teller, Numerov, step {step:5} fm: {error:.1e}")
    for points in (20, 30, 40):
        mesh = LegendreMesh(16.0, points)
        found = phase_shift(force(mesh.r), MOMENTA, mesh=mesh, reduced_mass=MASS)
        print(f"  Poeschl-Teller, R-matrix, {points} points: {worst(found, poeschl_teller(q)):.1e}")
    mesh = LegendreMesh(1.3, 16)
    well = jnp.full(mesh.points, -2.0 * IN_MEV)
    for l, charges in ((0, 0.0), (1, 0.0), (0, 1.0), (0, -1.0), (2, 1.0)):  # noqa: E741
        options = {"l": l, "charge_product": charges}
        exact = square_well(q, 2.0, 1.3, l, charges)
        found = phase_shift(well, MOMENTA, mesh=mesh, reduced_mass=MASS, **options)
        errors = [worst(found, exact)]
        # On the grid half of the depth belongs to the radius of the well.
        half = lambda r: jnp.where(r < 1.2999, -2.0, jnp.where(r < 1.3001, -1.0, 0.0)) * IN_MEV  # noqa: E731
        coarse, fine = (numerov(step, round(10 / step), half, **options) for step in (0.01, 0.005))
        errors += [worst(coarse, exact), worst(fine, exact), worst((4 * fine - coarse) / 3, exact)]
        text = "R-matrix {:.1e}, Numerov at .01 and .005 fm {:.1e} {:.1e}, extrapolated {:.1e}".format(*errors)
        print(f"  square well, l = {l}, Z1 Z2 = {charges:g}: {text}")
    mesh = LegendreMesh(25.0, 50)
    cut, pole = 1.39, 0.2316
    U = literature.yamaguchi(jnp.asarray(mesh.r)[:, None], jnp.asarray(mesh.r), cut=cut, pole=pole, reduced_mass=MASS)
    L = (cut + pole) ** 2
    exact = np.arctan(q / (((cut**2 + q**2) ** 2 - L * (cut**2 - q**2)) / (2 * cut * L)))
    print(
        f"  Yamaguchi, R-matrix, 50 points: {worst(phase_shift(U, MOMENTA, mesh=mesh, reduced_mass=MASS), exact):.1e}"
    )
    smooth = lambda r: 300 * jnp.exp(-3 * r**2) - 60 * jnp.exp(-(r**2) / 1.5)  # noqa: E731
    mesh = LegendreMesh(10.0, 40)
    for l, charges in ((0, 0.0), (1, 1.0)):  # noqa: E741
        options = {"l": l, "charge_product": charges}
        second = phase_shift(smooth(jnp.asarray(mesh.r)), MOMENTA, mesh=mesh, reduced_mass=MASS, **options)
        first = numerov(0.004, 2500, smooth, **options)
        print(f"  both ways, core and attraction, l = {l}, Z1 Z2 = {charges:g}: {worst(first, np.asarray(second)):.1e}")


def gradients():
    grid = RadialGrid(0.01, 2000)
    V, along = force(grid.r), jnp.cos(3 * grid.r) * jnp.exp(-grid.r)

    @jax.jit
    def summary(scale):
        found = scattering_states(V + scale * along, jnp.asarray(MOMENTA), grid=grid, reduced_mass=MASS)
        return jnp.append(found.phase_shift, found.wave @ jnp.exp(-grid.r / 3) * grid.step)

    outward = lambda scale: summary(scale) - summary(-scale)  # noqa: E731
    differences = (45 * outward(0.2) - 9 * outward(0.4) + outward(0.6)) / 12
    error = np.max(np.abs(jax.jacfwd(summary)(0.0) - differences)) / np.max(np.abs(differences))
    print(f"\nGradients of phase shifts and waves against sixth-order differences: {error:.1e} of the largest")


def speed():
    grid = RadialGrid(0.01, 2000)
    V, k, weight = force(grid.r), jnp.asarray(MOMENTA), jnp.exp(-grid.r / 3)

    def states(potential):
        return scattering_states(potential, k, grid=grid, reduced_mass=MASS)

    def correlation(potential):
        return jnp.sum(states(potential).wave ** 2 @ weight)

    def phases(potential):
        return jnp.sum(states(potential).phase_shift)

    forward = cpu_time(jax.jit(states), V)
    print(f"\n60 momenta x 2000 radii: {1e3 * forward:.2f} ms forward")
    for name, function in (("phase shifts", phases), ("waves squared", correlation)):
        both, alone = cpu_time(jax.jit(jax.value_and_grad(function)), V), cpu_time(jax.jit(function), V)
        ratio = f"{both / alone:.1f} times the value alone, {both / forward:.1f} times the forward above"
        print(f"  value and gradient of {name}: {1e3 * both:.2f} ms = {ratio}")
    mesh = LegendreMesh(16.0, 40)
    V = force(mesh.r)
    shifts = jax.jit(lambda potential: phase_shift(potential, MOMENTA, mesh=mesh, reduced_mass=MASS))
    ours = cpu_time(shifts, V) / len(MOMENTA)
    gradient = cpu_time(jax.jit(jax.value_and_grad(lambda potential: jnp.sum(shifts(potential)))), V) / len(MOMENTA)
    print(f"R-matrix, 40 points: {1e6 * ours:.1f} us a phase shift, {1e6 * gradient:.1f} us with gradient")
    return mesh, V, ours, forward / len(MOMENTA)


def jitr(mesh, ours, numerov_each):
    """The same mesh, radius and momenta by jitr, everything that does not depend on the potential computed before."""
    if importlib.util.find_spec("jitr") is None:
        print("jitr: SKIPPED, not installed here")
        return
    from jitr.reactions.system import Asymptotics, Channels  # type: ignore[import-not-found]
    from jitr.rmatrix import Solver  # type: ignore[import-not-found]

    solver = Solver(mesh.points)
    potential = lambda r: np.asarray(force(r))  # noqa: E731
    at_mesh = potential(mesh.radius * solver.kernel.quadrature.abscissa)
    problems = []
    for k in MOMENTA:
        q, energy = k / HBAR_C, k**2 / 2 / MASS
        a = q * mesh.radius
        one = np.ones(1)
        channel = Channels(energy * one, q * one, MASS * one, 0 * one, a, np.zeros(1, dtype=int), np.eye(1))
        H, slope = np.exp(1j * a) * one, 1j * np.exp(1j * a) * one
        outside = Asymptotics(H, H.conj(), slope, slope.conj())
        free, edge = solver.free_matrix(a, channel.l), solver.precompute_boundaries(a)
        problems.append((channel, outside, free, edge))

    def all_shifts():
        found = []
        for channel, outside, free, edge in problems:
            interaction = np.diag(at_mesh / channel.E[0]).astype(complex)
            found.append(
                solver.solve(channel, outside, interaction_matrix=interaction, free_matrix=free, basis_boundary=edge)[1]
            )
        return np.angle(np.ravel(found)) / 2

    theirs = cpu_time(all_shifts) / len(MOMENTA)
    error = worst(all_shifts(), poeschl_teller(MOMENTA / HBAR_C))
    shifts = phase_shift(force(mesh.r), MOMENTA, mesh=mesh, reduced_mass=MASS)
    version = importlib.metadata.version("jitr")
    print(f"jitr {version}, {mesh.points} points: {1e6 * theirs:.1f} us a phase shift, error {error:.1e}")
    error = worst(shifts, poeschl_teller(MOMENTA / HBAR_C))
    print(f"  R-matrix of this package, error {error:.1e}: {theirs / ours:.0f} times faster")
    print(f"  Numerov with 2000 radii and its wave: {theirs / numerov_each:.1f} times faster")


def low_energies():
    print("\nPublished potentials: a [fm], r [fm], B [MeV]")
    nucleon, omega = literature.N_OMEGA_MASSES
    reduced = nucleon * omega / (nucleon + omega)
    cases = {"Omega-Omega": (literature.omega_omega, literature.OMEGA_OMEGA_MASS / 2, LegendreMesh(12.0, 80))}
    for t in literature.N_OMEGA_FITS:
        cases[f"N-Omega, t/a = {t}"] = (lambda r, t=t: literature.n_omega(r, t), reduced, LegendreMesh(20.0, 80))
    for name, (potential, mass, mesh) in cases.items():
        V = potential(jnp.asarray(mesh.r))
        found = effective_range(V, mesh=mesh, reduced_mass=mass)
        start = time.process_time()
        window = {"lowest": -20.0, "highest": -0.01, "deepest": 5.0}
        (pole,) = find_poles(V, mesh=mesh, channels=(Channel(mass),), sheet=(1,), **window)
        seconds = time.process_time() - start
        values = f"{found.scattering_length:.4f} {found.effective_range:.4f} {-pole.energy.real:.4f}"
        print(f"  {name}: {values}; all poles of a sheet in {seconds:.2f} s")


def box():
    mass, mesh = literature.OMEGA_OMEGA_MASS / 2, LegendreMesh(12.0, 80)
    print("\nOmega-Omega in a box of 8.1 fm: levels in A1+ [MeV], k cot(delta) [MeV] by Luescher and by the R-matrix")
    for spacing in (0.2, 0.1, 0.07):
        start = time.process_time()
        levels = finite_volume_levels(literature.omega_omega, 8.1, reduced_mass=mass, spacing=spacing)
        seconds = time.process_time() - start
        print(f"  spacing {spacing} fm: {levels[0]:.5f} {levels[1]:.5f} {levels[2]:.5f}, {seconds:.2f} s")
    squared = 2 * mass * levels[1:]
    delta = phase_shift(literature.omega_omega(jnp.asarray(mesh.r)), np.sqrt(squared), mesh=mesh, reduced_mass=mass)
    found = luescher_k_cot_delta(jnp.asarray(squared), 8.1)
    print(f"  {np.asarray(found)} {np.sqrt(squared) / np.tan(np.asarray(delta))}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true", help="times alone")
    options = parser.parse_args()
    print(f"jax {jax.__version__} on {jax.default_backend()}")
    mesh, _, ours, numerov_each = speed()
    jitr(mesh, ours, numerov_each)
    if options.speed:
        return
    gradients()
    accuracy()
    low_energies()
    box()


if __name__ == "__main__":
    main()
