"""Nuclei, Glauber and TRENTo against integrals, published participants and a brute-force calculation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import sph_harm_y

from retrodict.base.errors import InputError
from retrodict.heavy_ion.initial.eccentricities import centrality_classes, eccentricities_of_density
from retrodict.heavy_ion.initial.glauber import glauber, impact_parameters
from retrodict.heavy_ion.initial.grid import TransverseGrid
from retrodict.heavy_ion.initial.nuclei import Nucleus, nucleon_positions, nucleons_within, nucleus, radius_at
from retrodict.heavy_ion.initial.trento import (
    Trento,
    participant_thickness,
    partonic_opacity,
    reduced_thickness,
    trento,
)

ECCENTRICITIES = jax.jit(eccentricities_of_density, static_argnums=1)
POSITIONS = jax.jit(nucleon_positions, static_argnums=2)


def moment(power, radius, diffuseness):
    return quad(lambda r: r ** (2 + power) / (1.0 + np.exp((r - radius) / diffuseness)), 0.0, 30.0, epsabs=1e-10)[0]


def test_the_normalisation_of_a_nucleus_is_that_of_its_integral():
    assert nucleons_within(jnp.array([5.36]), jnp.array(0.59))[0] == pytest.approx(moment(0, 5.36, 0.59), rel=1e-7)


def test_radii_of_a_deformed_nucleus_have_the_moments_of_its_density():
    """A hundredth more of radius is seen; so is the octupole that is left out."""
    deformed = Nucleus(129, *map(jnp.asarray, (5.36, 0.59, 0.162, 0.1, 0.05)))
    cosine, weight = np.polynomial.legendre.leggauss(40)
    shape = 1.0 + sum(b * sph_harm_y(n, 0, np.arccos(cosine), 0.0).real for n, b in ((2, 0.162), (3, 0.1), (4, 0.05)))
    assert np.allclose(jax.jit(radius_at)(deformed, jnp.asarray(cosine)), 5.36 * shape, atol=1e-12)
    positions = np.asarray(POSITIONS(jax.random.key(2), deformed, 1500))
    values = np.sum(positions**2, axis=-1)
    exact = [np.sum(weight * [moment(power, R, 0.59) for R in 5.36 * shape]) for power in (0, 2)]
    mean, error = values.mean(), values.std() / np.sqrt(values.size)
    assert abs(mean - exact[1] / exact[0]) < 4.0 * error
    assert abs(mean - 1.01 * exact[1] / exact[0]) > 2.0 * error
    inertia = np.einsum("eni,enj->eij", positions, positions) / 129.0
    assert np.max(np.abs(inertia.mean(axis=0) - np.eye(3) * mean / 3.0)) < 0.15  # no preferred direction


def test_nucleons_keep_their_distance_and_their_radii():
    close = Nucleus(63, jnp.asarray(4.2), jnp.asarray(0.6), minimum_distance=jnp.asarray(0.9))
    positions = np.asarray(POSITIONS(jax.random.key(3), close, 40))
    apart = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1) + 9.0 * np.eye(63)
    assert np.mean(apart.min(axis=(1, 2)) > 0.9) > 0.9
    free = np.asarray(POSITIONS(jax.random.key(3), Nucleus(63, close.radius, close.diffuseness), 40))
    radii = [np.sort(np.linalg.norm(p, axis=-1), axis=1) for p in (positions, free)]
    assert np.allclose(*radii, atol=1e-10)
    unkept = np.linalg.norm(free[:, :, None] - free[:, None], axis=-1) + 9.0 * np.eye(63)
    assert np.mean(unkept.min(axis=(1, 2)) > 0.9) < 0.1


def test_participants_of_lead_are_those_of_the_experiment():
    """The published means of three classes of the impact parameter within 1.5 %, for a cross section of 7.70 b."""
    lead = jax.tree.map(lambda x: x.astype(jnp.float32), nucleus("Pb"))
    classes = [(0.0, 382.7), (0.05, 329.4), (0.2, 202.1)]
    even = 0.05 * (np.arange(250) + 0.5) / 250
    b = jnp.asarray(np.sqrt([(low + even) * 770.0 / np.pi for low, _ in classes]).ravel(), jnp.float32)
    found = jax.jit(glauber)(jax.random.key(0), lead, lead, b, 64.0)
    participants = np.asarray(found.participants).reshape(3, 250).mean(axis=1)
    assert np.allclose(participants, [published for _, published in classes], rtol=0.015)
    assert np.asarray(found.binary_collisions[:250]).mean() == pytest.approx(1680.0, rel=0.015)


def test_eccentricity_is_about_the_centre_of_mass():
    """An ellipse with moments a, b has eps2 = (a - b) / (a + b) wherever it lies; about the origin it has not."""
    grid = TransverseGrid(40, 0.5)
    x, y = np.meshgrid(grid.coordinates, grid.coordinates, indexing="ij")
    drop = np.exp(-((x - 1.0) ** 2) / 2.0 / 1.5 - (y + 0.5) ** 2 / 2.0 / 0.9)
    found = np.asarray(ECCENTRICITIES(jnp.asarray(drop), grid))
    assert found[0] == pytest.approx(-(1.5 - 0.9) / (1.5 + 0.9), abs=1e-6)
    assert abs(found[1]) < 1e-6
    about_origin = -np.sum(drop * (x + 1j * y) ** 2) / np.sum(drop * (x**2 + y**2))
    assert abs(about_origin - found[0]) > 0.1


def test_trento_is_a_sum_over_its_nucleons_and_its_eccentricities_are_those_of_a_double_loop():
    rng = np.random.default_rng(4)
    grid, width = TransverseGrid(40, 0.5), 0.7
    x, y, gamma = rng.normal(0.0, 1.5, (3, 2, 9))
    gamma = np.abs(gamma)
    thick = [
        jax.jit(participant_thickness, static_argnums=4)(
            *map(jnp.asarray, (x[i], y[i], gamma[i])), jnp.asarray(width), grid
        )
        for i in (0, 1)
    ]
    nodes = (np.arange(40) - 19.5) * 0.5
    loops = np.zeros((2, 40, 40))
    for i in (0, 1):
        for n in range(9):
            for k in range(40):
                distance = (nodes[k] - x[i, n]) ** 2 + (nodes - y[i, n]) ** 2
                loops[i, k] += gamma[i, n] * np.exp(-distance / (2 * width**2)) / (2 * np.pi * width**2)
    assert np.allclose(thick, loops, atol=1e-12)
    for p in (-0.5, 0.0, 1e-9, 0.4, 1.0):
        ours = jax.jit(reduced_thickness)(*thick, jnp.asarray(p))
        mean = np.sqrt(loops[0] * loops[1]) if abs(p) < 1e-6 else (0.5 * (loops[0] ** p + loops[1] ** p)) ** (1.0 / p)
        assert np.allclose(ours, mean, rtol=1e-7, atol=1e-14)
        centre = [np.sum(mean * c) / mean.sum() for c in np.meshgrid(nodes, nodes, indexing="ij")]
        z = (nodes[:, None] - centre[0]) + 1j * (nodes[None, :] - centre[1])
        brute = [-np.sum(mean * z**n) / np.sum(mean * np.abs(z) ** n) for n in (2, 3, 4)]
        assert np.allclose(ECCENTRICITIES(ours, grid), brute, atol=1e-10)


def test_nucleons_have_the_cross_section_that_they_are_given():
    for width in (0.4, 0.8, 1.4):
        x = float(jax.jit(partonic_opacity)(64.0, width))
        found = quad(lambda b, x=x, w=width: 2.0 * np.pi * b * -np.expm1(-x * np.exp(-(b**2) / 4.0 / w**2)), 0.0, 30.0)[
            0
        ]
        assert found == pytest.approx(6.4, rel=1e-6)


def test_trento_events_are_empty_where_nuclei_miss():
    grid, small = TransverseGrid(32, 0.5), Nucleus(16, jnp.asarray(2.6), jnp.asarray(0.5))
    model = Trento(*map(jnp.asarray, (0.0, 1.0, 0.8, 64.0)))
    density, number = jax.jit(trento, static_argnums=5)(
        jax.random.key(5), small, small, jnp.array([0.0, 2.0, 19.0]), model, grid
    )
    assert number[2] == 0
    assert np.all(np.asarray(density[2]) == 0.0)
    assert np.all(np.asarray(number[:2]) > 4)
    assert np.all(np.isfinite(density))


def test_impact_parameters_fill_a_disc():
    b = np.asarray(impact_parameters(jax.random.key(6), 20.0, 20000))
    assert np.mean(b < 10.0) == pytest.approx(0.25, abs=0.012)


def test_wrong_classes_and_nuclei_are_refused():
    with pytest.raises(InputError, match="ascending"):
        centrality_classes(np.arange(3.0), (10.0, 5.0))
    with pytest.raises(InputError, match="unknown nucleus"):
        nucleus("U")


def test_two_nucleons_meet_as_often_as_their_cross_section_says():
    """Nuclei of one nucleon that is all but a point, over a disc of 5 fm."""
    point = Nucleus(1, jnp.asarray(1e-3), jnp.asarray(1e-4))
    model = Trento(*map(jnp.asarray, (0.0, 1.0, 0.8, 64.0)))
    b = jnp.asarray(5.0 * np.sqrt((np.arange(6000) + 0.5) / 6000))
    _, number = jax.jit(trento, static_argnums=5)(jax.random.key(7), point, point, b, model, TransverseGrid(2, 0.5))
    assert 250.0 * np.pi * np.mean(np.asarray(number) == 2) == pytest.approx(64.0, abs=6.0)
