"""Spectra against closed forms: a source at rest, a blast wave, moments of corrections."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import kve

from retrodict.base.errors import InputError
from retrodict.heavy_ion.hydrodynamics.equation_of_state import HBAR_C_GEV
from retrodict.heavy_ion.hydrodynamics.fluid import Shear
from retrodict.heavy_ion.hydrodynamics.surface import Surface
from retrodict.heavy_ion.particles.cooper_frye import (
    Matter,
    flow_coefficients,
    mean_momentum,
    particle_spectrum,
    rapidity_integrals,
    two_particle_flow,
    yield_of,
)
from retrodict.heavy_ion.particles.species import HADRONS, Species, hadron_gas

PION, KAON = Species("pion", 0.13957, 1, True), Species("kaon", 0.49368, 1, True)  # as in the published numbers
PHI = jnp.arange(24) * (2.0 * np.pi / 24)
PT = jnp.array([0.2, 0.5, 1.0, 2.0])
SPECTRUM = jax.jit(particle_spectrum, static_argnames=("species", "terms"))


def surface(area, ux, uy, dissipation=None):
    """Elements at tau = 1 with areas (d sigma_tau, 0, 0)."""
    none = jnp.zeros(area.shape)
    areas = jnp.stack([jnp.asarray(area), none, none], axis=-1)
    shear = Shear(*(none + part for part in dissipation)) if dissipation else Shear(none, none, none, none)
    return Surface(areas, none + 1.0, none, none, jnp.asarray(ux), jnp.asarray(uy), shear, jnp.asarray(1))


def matter(temperature):
    return Matter(jnp.asarray(temperature), jnp.asarray(0.3), jnp.zeros(2))


def at_rest(dissipation=None):
    return surface(np.array([1.0]), np.zeros(1), np.zeros(1), dissipation)


def test_rapidity_integrals_are_bessel_functions():
    z = np.array([0.93, 2.0, 10.0, 100.0])
    exact = (2 * kve(0, z), 2 * kve(1, z), kve(0, z) + kve(2, z), 1.5 * kve(1, z) + 0.5 * kve(3, z))
    assert np.allclose(jax.jit(rapidity_integrals)(jnp.asarray(z)), exact, rtol=1e-7)


def test_a_source_at_rest_has_the_published_spectra():
    """Boltzmann's and Bose's, to 1e-6."""
    classical = SPECTRUM(at_rest(), PION, matter(0.14), PT, PHI, terms=1)[:, 3]
    quantum = SPECTRUM(at_rest(), PION, matter(0.14), PT, PHI, terms=16)[:, 3]
    assert np.allclose(classical[jnp.array([0, 2])], [5.0575762672e-2, 3.8296245177e-4], rtol=1e-6)
    assert np.allclose(quantum[jnp.array([0, 2])], [5.7322164210e-2, 3.8315764808e-4], rtol=1e-6)


def test_a_blast_wave_has_the_published_spectra():
    """A disc that moves with v = 0.8 r at T = 0.1 GeV: integral of x mT I0 K1, to 1e-6, for pions and kaons."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    x, w = 0.5 * (nodes + 1.0), 0.5 * weights
    u = 0.8 * x / np.sqrt(1.0 - (0.8 * x) ** 2)
    angle = 2.0 * np.pi * (np.arange(96) + 0.5) / 96
    ux, uy = (np.outer(u, f(angle)).ravel() for f in (np.cos, np.sin))
    area = np.repeat(x * w, 96) / 96
    disc = surface(area, ux, uy)
    scale = (2.0 * np.pi * HBAR_C_GEV) ** 3 / 2.0
    pions = scale * jnp.mean(SPECTRUM(disc, PION, matter(0.1), PT, PHI, terms=1), axis=1)
    kaons = scale * jnp.mean(SPECTRUM(disc, KAON, matter(0.1), PT, PHI, terms=1), axis=1)
    assert np.allclose(pions, [7.75890475e-3, 1.73378014e-3, 1.76683811e-4, 3.10874451e-6], rtol=1e-6)
    assert np.allclose(kaons, [3.56189123e-4, 1.93333839e-4, 4.28725819e-5, 1.37845176e-6], rtol=1e-6)


def momenta(number=60, largest=5.0):
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return jnp.asarray(0.5 * largest * (nodes + 1.0)), jnp.asarray(0.5 * largest * weights)


def test_shear_carries_no_particles_and_its_share_of_transverse_momentum():
    """Of one boltzmannian species whose e + P the correction is given, sum of pT^2 cos(2 phi) / E is pi^xx - pi^yy."""
    temperature = 0.15
    p, w = momenta()
    grid = np.linspace(0.0, 6.0, 4001)
    E = np.sqrt(grid**2 + PION.mass**2)
    f = np.exp(-E / temperature) / (2.0 * np.pi**2 * HBAR_C_GEV**3)
    enthalpy = np.trapezoid(grid**2 * f * (E + grid**2 / (3.0 * E)), grid)
    here = Matter(jnp.asarray(temperature), jnp.asarray(enthalpy), jnp.zeros(2))
    shear = (0.01, 0.0, -0.01, 0.0)
    plain = SPECTRUM(at_rest(), PION, here, p, PHI, terms=1)
    viscous = SPECTRUM(at_rest(shear), PION, here, p, PHI, terms=1)
    assert yield_of(viscous, p, w) == pytest.approx(float(yield_of(plain, p, w)), rel=1e-6)
    flow = flow_coefficients(viscous, p, w, PHI)
    assert float(flow[0].real) > 0.0
    assert abs(complex(flow[1])) < 1e-12


def test_the_bulk_correction_holds_no_energy_and_all_of_the_bulk_pressure():
    """By an independent trapezoid over the gas of all hadrons; pressure and energy of the gas with it."""
    temperature = 0.15
    energy, pressure, (c0, c2) = hadron_gas(temperature)
    assert 3.0 * pressure < energy < 8.0 * pressure
    counted = {"pion": 3, "kaon": 4, "proton": 4, "eta": 1, "rho": 3, "omega": 1, "K*": 4, "Delta": 8}
    p = np.linspace(1e-6, 6.0, 20001)
    held = np.zeros(3)
    for name, species in HADRONS.items():
        E, sign = np.sqrt(p**2 + species.mass**2), -1.0 if species.boson else 1.0
        f = 1.0 / (np.exp(E / temperature) + sign)
        g = counted[name] * species.degeneracy / (2.0 * np.pi**2 * HBAR_C_GEV**3)
        delta = f * (1.0 - sign * f) * (c0 * species.mass**2 + c2 * E**2)
        held += [np.trapezoid(g * p**2 * m, p) for m in (E * delta, p**2 / (3.0 * E) * delta, E * f)]
    assert held[0] == pytest.approx(0.0, abs=1e-5)
    assert held[1] == pytest.approx(1.0, rel=1e-5)
    assert held[2] == pytest.approx(energy, rel=1e-6)
    with pytest.raises(InputError, match="gas of hadrons"):
        hadron_gas(140.0)


def test_a_bulk_pressure_changes_the_yield_by_its_coefficients():
    """Against the direct integral at rest: dN/dy changes by that of f (c0 m^2 + c2 E^2) Pi."""
    p, w = momenta()
    _, _, c = hadron_gas(0.15)
    here = Matter(jnp.asarray(0.15), jnp.asarray(0.3), jnp.asarray(c))
    changed = SPECTRUM(at_rest((0.0, 0.0, 0.0, -1e-3)), KAON, here, p, PHI, terms=1)
    plain = SPECTRUM(at_rest(), KAON, here, p, PHI, terms=1)
    q = np.linspace(0.0, 6.0, 20001)
    E = np.sqrt(q**2 + KAON.mass**2)
    weight = q**2 * np.exp(-E / 0.15)
    exact = -1e-3 * np.trapezoid(weight * (c[0] * KAON.mass**2 + c[1] * E**2), q) / np.trapezoid(weight, q)
    assert float(yield_of(changed, p, w) / yield_of(plain, p, w)) - 1.0 == pytest.approx(exact, rel=1e-5)
    assert float(mean_momentum(changed, p, w)) < float(mean_momentum(plain, p, w))


def test_flow_of_pairs_needs_no_event_plane():
    """Events with the same v2 in random directions: v2{2} is it, the mean of V2 is not."""
    angle = 2.0 * np.pi * np.arange(50) / 50
    flow = jnp.asarray(0.08 * np.exp(2j * angle))[:, None]
    assert float(two_particle_flow(flow, jnp.linspace(100.0, 200.0, 50))[0]) == pytest.approx(0.08, rel=1e-12)
    assert abs(complex(jnp.mean(flow))) < 1e-12


def test_a_moving_source_is_the_boosted_one():
    """With shear and bulk: the spectrum at a momentum against a sum over rapidity of invariants."""
    gamma, ux = np.sqrt(1.0 + 0.7**2), 0.7
    xx, yy, xy, bulk = 0.012, -0.007, 0.004, -0.01
    here = Matter(jnp.asarray(0.15), jnp.asarray(0.3), jnp.asarray([-3.0, 2.0]))
    found = SPECTRUM(surface(np.ones(1), np.array([ux]), np.zeros(1), (xx, xy, yy, bulk)), KAON, here, PT, PHI, terms=1)
    eta = np.linspace(-8.0, 8.0, 4001)
    pt, phi = 1.0, float(PHI[5])
    mt = np.sqrt(pt**2 + KAON.mass**2)
    tx, ty = xx * ux / gamma, xy * ux / gamma
    tt = tx * ux / gamma
    tensor = np.diag([tt, xx, yy, tt - xx - yy])
    tensor[0, 1] = tensor[1, 0] = tx
    tensor[0, 2] = tensor[2, 0] = ty
    tensor[1, 2] = tensor[2, 1] = xy
    p = np.stack([mt * np.cosh(eta), -pt * np.cos(phi) + 0 * eta, -pt * np.sin(phi) + 0 * eta, -mt * np.sinh(eta)])
    up = gamma * p[0] + ux * p[1]
    delta = np.einsum("in,ij,jn->n", p, tensor, p) / (2.0 * 0.15**2 * 0.3) + bulk * (-3.0 * KAON.mass**2 + 2.0 * up**2)
    exact = np.trapezoid(p[0] * np.exp(-up / 0.15) * (1.0 + delta), eta) / (2.0 * np.pi * HBAR_C_GEV) ** 3
    assert float(found[2, 5]) == pytest.approx(exact, rel=1e-6)
