"""Accuracy, gradients and speed of the simulator of heavy-ion collisions; prints its figures.

    nice python benchmarks/heavy_ion_hydrodynamics.py [gubser surface gradient speed glauber trento]

Times are CPU seconds of this process.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

import retrodict  # noqa: F401
from retrodict.heavy_ion.hydrodynamics import equation_of_state as eos
from retrodict.heavy_ion.hydrodynamics.equation_of_state import HBAR_C_GEV
from retrodict.heavy_ion.hydrodynamics.evolution import LUMPY_LIMITER, SMOOTH_LIMITER, evolve
from retrodict.heavy_ion.hydrodynamics.exact_flows import bjorken_flow, gubser_flow, ideal_gubser_flow
from retrodict.heavy_ion.hydrodynamics.fluid import Flow, Shear, flow_at_rest
from retrodict.heavy_ion.hydrodynamics.surface import (
    entropy_through,
    freeze_out_surface,
    smooth_freeze_out_surface,
)
from retrodict.heavy_ion.hydrodynamics.transport import constant_viscosity
from retrodict.heavy_ion.initial.eccentricities import centrality_classes, eccentricities_of_density
from retrodict.heavy_ion.initial.glauber import glauber
from retrodict.heavy_ion.initial.grid import TransverseGrid
from retrodict.heavy_ion.initial.nuclei import nucleus
from retrodict.heavy_ion.initial.trento import Trento, trento
from retrodict.heavy_ion.particles.cooper_frye import Matter, mean_momentum, particle_spectrum
from retrodict.heavy_ion.particles.species import HADRONS

FIXED = ("step", "spacing", "steps", "stride", "limiter")
RUN = jax.jit(evolve, static_argnames=FIXED)
ALICE = {0: 382.7, 5: 329.4, 15: 239.0, 20: 202.1, 30: 141.0, 35: 116.0, 40: 94.11, 50: 59.24, 55: 45.58}  # 2.76 TeV
PT, PT_WEIGHT = (0.5 * 3.0 * (v + s) for v, s in zip(np.polynomial.legendre.leggauss(15), (1.0, 0.0), strict=True))
PHI = jnp.arange(48) * (2.0 * np.pi / 48)


def cpu(function, *arguments):
    """The result and the CPU seconds of a second call."""
    jax.block_until_ready(function(*arguments))
    start = time.process_time()
    result = jax.block_until_ready(function(*arguments))
    return result, time.process_time() - start


def single(tree):
    """In float32."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), tree)


def plane(cells, spacing):
    """Coordinates of a grid."""
    side = np.asarray(TransverseGrid(cells, spacing).coordinates)
    return np.meshgrid(side, side, indexing="ij")


def lumpy(events, cells=64, spacing=0.375, seed=0, norm=2.0):
    """Energy densities with lumps of 0.6 fm."""
    rng, (x, y) = np.random.default_rng(seed), plane(cells, spacing)
    found = np.zeros((events, cells, cells))
    for one in found:
        for _ in range(150):
            a, b = rng.normal(0.0, 2.2, 2)
            one += norm * rng.gamma(1.0) * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 0.72)
    return found


def gubser():
    """Relative L1 errors within r < 2.5 fm at tau = 2 from tau = 1."""
    for viscous in (False, True):
        rows = []
        for dx in (0.2, 0.1, 0.05):
            x, y = plane(round(8.0 / dx), dx)
            exact = gubser_flow if viscous else ideal_gubser_flow
            first, last = exact(1.0, x, y), exact(2.0, x, y)
            parts = [jnp.asarray(HBAR_C_GEV * part) for part in (first.xx, first.xy, first.yy)]
            flow = Flow(HBAR_C_GEV * jnp.asarray(first.energy), jnp.asarray(first.ux), jnp.asarray(first.uy))
            if viscous:
                flow = flow._replace(dissipation=Shear(*parts, jnp.zeros_like(parts[0])))
            steps = round(5.0 / dx)
            end = RUN(
                flow, eos.conformal(), start=1.0, step=0.2 * dx, spacing=dx, steps=steps, stride=steps,
                transport=constant_viscosity(0.2) if viscous else None, limiter=SMOOTH_LIMITER,
            ).flow  # fmt: skip
            inner = x**2 + y**2 < 6.25
            pairs = [(end.energy / HBAR_C_GEV, last.energy), (end.ux, last.ux)]
            if viscous:
                pairs += [(end.dissipation.xx / HBAR_C_GEV, last.xx), (end.dissipation.xy / HBAR_C_GEV, last.xy)]
            rows.append([float(np.abs(np.asarray(a[-1]) - b)[inner].sum() / np.abs(b)[inner].sum()) for a, b in pairs])
            print(f"Gubser {'viscous' if viscous else 'ideal'} dx {dx}:", *(f"{v:.2e}" for v in rows[-1]))
        print("   orders", *(f"{v:.2f}" for v in np.log2(np.array(rows[-2]) / rows[-1])))
    flat = jnp.full((4, 4), HBAR_C_GEV * 3.0 * 2.0**4)
    steps = 250
    end = RUN(
        flow_at_rest(flat), eos.conformal(), start=0.5, step=0.01, spacing=1.0, steps=steps, stride=steps,
        transport=constant_viscosity(0.2), limiter=1.1,
    ).flow  # fmt: skip
    warm, phi = bjorken_flow(0.5, 3.0, temperature=2.0)
    found = (float(end.energy[-1, 0, 0]) / (3.0 * HBAR_C_GEV)) ** 0.25
    ours = 2.0 * float(end.dissipation.xx[-1, 0, 0]) / (4.0 / 3.0 * float(end.energy[-1, 0, 0]))
    print(f"Bjorken at 3 fm, dt 0.01: T {found / warm - 1:.1e}, phi {ours / phi - 1:.1e}")


def surface():
    """Entropy through the surface T = 0.14 GeV over that of the matter above it at the start."""
    for name, matter, limiter in (
        ("crossover", eos.hot_qcd(), SMOOTH_LIMITER),
        ("first order", eos.bag_model(), LUMPY_LIMITER),
    ):
        threshold = matter.energy_at_temperature(0.14)
        for dx, stride in ((0.375, 2), (0.25, 2)):
            cells = round(24.0 / dx)

            def profile(x, y):
                return 30.0 * np.exp(-(x**2 / 2.0 / 2.2**2 + y**2 / 2.0 / 2.8**2))

            flow = flow_at_rest(jnp.asarray(profile(*plane(cells, dx))), viscous=False)
            step = 0.2 * dx
            steps = 2 * round(14.0 / step / 2)
            history = RUN(flow, matter, start=0.6, step=step, spacing=dx, steps=steps, stride=stride, limiter=limiter)
            left = float(jnp.max(history.flow.energy[-1]) / threshold)
            found = freeze_out_surface(history, threshold, dx, 60000)
            fine = jnp.asarray(profile(*plane(2400, 0.01)))
            there = jnp.where(fine > threshold, matter.entropy_of(fine), 0.0)
            total = float(entropy_through(found, matter.entropy_of(threshold)))
            start = 0.6 * float(jnp.sum(there)) * 1e-4
            print(f"entropy {name} dx {dx}: {total / start - 1:+.2e} ({int(found.found)} elements, last e {left:.2f})")


def gradient():
    """d<pT> / d(12 knots of c_s^2) by reverse mode and by differences."""
    knots = jnp.asarray(np.geomspace(0.05, 60.0, 12))
    at = jnp.interp(jnp.log(knots), jnp.log(jnp.asarray([0.05, 0.3, 2.0, 60.0])), jnp.asarray([0.16, 0.14, 0.22, 0.31]))
    energy = jnp.asarray(lumpy(1, 36, 0.6)[0])

    def observable(speed, smooth=True):
        matter = eos.equation_of_state_from_sound_speed(knots, speed, 0.5)
        history = evolve(
            flow_at_rest(energy), matter, start=0.6, step=0.12, spacing=0.6, steps=100, stride=2,
            transport=constant_viscosity(0.12), limiter=LUMPY_LIMITER,
        )  # fmt: skip
        make = smooth_freeze_out_surface if smooth else freeze_out_surface
        found = make(history, 0.25, 0.6, 49152 if smooth else 4096)
        here = Matter(matter.temperature_of(jnp.asarray(0.25)), 0.25 * 1.15, jnp.zeros(2))
        spectrum = particle_spectrum(found, HADRONS["pion"], here, jnp.asarray(PT), PHI[::4], 1)
        return mean_momentum(spectrum, jnp.asarray(PT), jnp.asarray(PT_WEIGHT)), found.found

    for smooth in (True, False):
        forward = jax.jit(lambda speed, smooth=smooth: observable(speed, smooth))
        backward = jax.jit(jax.grad(lambda speed, smooth=smooth: observable(speed, smooth), has_aux=True))
        (exact, found), slow = cpu(backward, at)
        (value, _), fast = cpu(forward, at)
        steps = 1e-4 * jnp.eye(12)
        differences = np.array([(forward(at + h)[0] - forward(at - h)[0]) / 2e-4 for h in steps])
        worst = np.max(np.abs(np.asarray(exact) - differences)) / np.max(np.abs(differences))
        kind = "smooth" if smooth else "faceted"
        print(f"<pT> {float(value):.4f} GeV, {kind}: gradient against differences {worst:.1e} of the largest entry "
              f"{np.max(np.abs(differences)):.3f}; {slow / fast:.1f} forward passes, "
              f"{int(found)} elements")  # fmt: skip


def speed(events=8):
    """CPU seconds an event at 64 x 64 x 150 in float32."""
    matter, energy = single(eos.hot_qcd()), jnp.asarray(lumpy(events), jnp.float32)
    threshold = matter.energy_at_temperature(0.14)
    here = single(Matter(0.14, threshold * 1.15, jnp.zeros(2)))
    for viscous in (False, True):
        transport = single(constant_viscosity(0.12, 0.05)) if viscous else None

        def one(e, transport=transport, viscous=viscous):
            return evolve(
                flow_at_rest(e, viscous), matter, start=jnp.float32(0.6), step=0.075, spacing=0.375, steps=150,
                stride=3, transport=transport, limiter=LUMPY_LIMITER,
            )  # fmt: skip

        def spectra(e, one=one):
            found = freeze_out_surface(one(e), threshold, 0.375, 8192)
            momenta = jnp.asarray(PT, jnp.float32)
            return particle_spectrum(found, HADRONS["pion"], here, momenta, PHI.astype(jnp.float32)), found.found

        name = "viscous" if viscous else "ideal"
        _, evolving = cpu(jax.jit(lambda e, one=one: jax.lax.map(lambda f: one(f).flow.energy[-1], e)), energy)
        (_, found), all_of_it = cpu(jax.jit(lambda e, spectra=spectra: jax.lax.map(spectra, e)), energy)
        print(f"{name}: {evolving / events:.3f} CPU s an event, with surface and 15 x 48 spectrum "
              f"{all_of_it / events:.3f} ({int(jnp.max(found))} elements)")  # fmt: skip


def stratified(events, largest=20.0):
    """Impact parameters that fill b^2 evenly: no noise in the cross section but that of the collisions."""
    return jnp.asarray(largest * np.sqrt((np.arange(events) + 0.5) / events))


def glauber_events(events=100_000):
    """Cross sections, participants and collisions in classes of the impact parameter."""
    edges = tuple(np.arange(0.0, 65.0, 5.0))
    for symbol, cross_section in (("Pb", 64.0), ("Au", 42.0)):
        one = single(nucleus(symbol))
        b = stratified(events).astype(jnp.float32)
        program = jax.jit(lambda key, one=one, b=b, s=cross_section: glauber(key, one, one, b, s))
        found, spent = cpu(program, jax.random.key(0))
        hit = np.asarray(found.binary_collisions) > 0
        sigma = np.pi * 400.0 * hit.mean() * 1e-2
        print(f"{symbol}: sigma {sigma:.3f} b; {events} draws in {spent:.1f} CPU s")
        classes = centrality_classes(-np.asarray(b)[hit], edges)
        for k, low in enumerate(edges[:-1]):
            here = classes == k
            participants = np.asarray(found.participants)[hit][here].mean()
            pairs = np.asarray(found.binary_collisions)[hit][here].mean()
            eps = np.abs(np.asarray(found.eccentricity))[hit][here].mean(axis=0)
            published = f" ({participants / ALICE[low] - 1:+.1%} of ALICE)" if symbol == "Pb" and low in ALICE else ""
            print(
                f"  {low:.0f}-{low + 5:.0f} %: Npart {participants:.1f}{published} Ncoll {pairs:.0f} "
                f"eps2 {eps[0]:.3f} eps3 {eps[1]:.3f}"
            )


def trento_events(events=2000):
    """Cost and eccentricities of TRENTo."""
    one, grid = single(nucleus("Pb")), TransverseGrid(64, 0.375)
    model = single(Trento(0.0, 1.0, 0.8, 64.0))
    b = stratified(events).astype(jnp.float32)
    (density, number), spent = cpu(jax.jit(lambda key: trento(key, one, one, b, model, grid)), jax.random.key(0))
    hit = np.asarray(number) > 0
    eps = np.abs(np.asarray(eccentricities_of_density(density, grid)))[hit]
    classes = centrality_classes(np.asarray(density).sum((1, 2))[hit], (0.0, 10.0, 20.0, 30.0, 40.0, 50.0))
    print(f"TRENTo: sigma {np.pi * 4.0 * hit.mean():.2f} b; {spent / events * 1e3:.2f} ms a draw; eps2 by tenths:",
          *(f"{eps[classes == k, 0].mean():.3f}" for k in range(5)))  # fmt: skip


PARTS = {
    "gubser": gubser,
    "surface": surface,
    "gradient": gradient,
    "speed": speed,
    "glauber": glauber_events,
    "trento": trento_events,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
