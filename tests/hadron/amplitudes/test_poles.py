"""Amplitudes are unitary, their poles are those of closed forms and of NumPy's roots, and each lies on its sheet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.constants import HBAR_C
from retrodict.hadron.amplitudes.ensembles import quartic_roots
from retrodict.hadron.amplitudes.forward import intensity
from retrodict.hadron.amplitudes.models import EffectiveRange, Flatte, KMatrix, ScatteringLength, s_matrix
from retrodict.hadron.amplitudes.poles import pole_quantities, poles, upper_pole
from retrodict.hadron.amplitudes.sheets import OneChannel, TwoChannels

CHANNELS = TwoChannels((3096.9, 938.27), (2453.97, 1864.84))
NUCLEONS = OneChannel((938.27, 939.57))
TWO = {"scattering length": ScatteringLength(), "Flatte": Flatte(), "K-matrix": KMatrix()}


def drawn(amplitude, seed=1):
    rng = np.random.default_rng(seed)
    return {name: prior(float(rng.standard_normal())) for name, prior in amplitude.priors().items()}


@pytest.mark.parametrize("name", TWO)
def test_two_channels_are_unitary_to_rounding(name):
    """S S^+ = 1 above both thresholds, |S11| = 1 between them."""
    energy = jnp.linspace(4250.0, 4400.0, 75)
    variable = CHANNELS.variable(energy)
    momenta = CHANNELS.momenta(variable)
    s = np.asarray(s_matrix(TWO[name].ratio(drawn(TWO[name]), CHANNELS.energy(variable), momenta), momenta))
    above = np.asarray(energy) > CHANNELS.threshold
    product = np.einsum("nij,nkj->nik", s[above], s[above].conj())
    assert np.abs(product - np.eye(2)).max() < 1e-12
    assert np.abs(np.abs(s[~above, 0, 0]) - 1).max() < 1e-12


def test_momenta_in_omega_are_those_of_the_energies():
    energy = np.array([4100.0, 4300.0, 4318.81, 4319.0, 4400.0])
    momenta = CHANNELS.momenta(CHANNELS.variable(jnp.asarray(energy)))
    for k, mu, masses in zip(momenta, CHANNELS.reduced_masses, (CHANNELS.lower, CHANNELS.upper), strict=True):
        assert_allclose(k, np.sqrt(2 * mu * (energy - sum(masses)) + 0j), atol=1e-6)


@pytest.mark.parametrize(("signs", "sheet"), [((1, 1), 1), ((-1, 1), 2), ((-1, -1), 3), ((1, -1), 4)])
def test_a_sheet_is_the_signs_of_both_momenta(signs, sheet):
    energy = 4310.0 - 7.0j
    roots = [np.sqrt(energy - sum(m)) for m in (CHANNELS.lower, CHANNELS.upper)]
    q1, q2 = (sign * np.sign(root.imag) * root for sign, root in zip(signs, roots, strict=True))
    omega = jnp.asarray((q1 + q2) / np.sqrt(CHANNELS.gap))
    assert float(CHANNELS.sheet(omega)) == sheet
    assert_allclose(complex(CHANNELS.energy(omega)), energy - CHANNELS.threshold, rtol=1e-10)


@pytest.mark.parametrize("name", TWO)
def test_poles_are_zeros_of_the_denominator_and_there_are_as_many_as_its_degree(name):
    amplitude = TWO[name]
    parameters = drawn(amplitude)
    omega = poles(amplitude, CHANNELS, parameters)
    ratio = amplitude.ratio(parameters, CHANNELS.energy(omega), CHANNELS.momenta(omega))
    nearby = amplitude.ratio(parameters, CHANNELS.energy(1.01 * omega), CHANNELS.momenta(1.01 * omega))
    assert np.all(np.abs(ratio.denominator) < 1e-9 * np.abs(nearby.denominator))
    assert len(np.unique(np.round(np.asarray(omega), 6))) == amplitude.degree
    physical = np.asarray(CHANNELS.sheet(omega)) == 1
    assert np.all(np.abs(np.asarray(omega)[physical].real) < 1e-9), "a complex pole on the physical sheet"


def test_the_quartic_of_the_training_set_has_the_same_roots():
    """Coefficients written out by hand against values on a circle."""
    m = np.array([[200.0, 60.0, 180.0], [-300.0, -40.0, 90.0]])
    for row, by_hand in zip(m, quartic_roots(m, CHANNELS), strict=True):
        parameters = dict(zip(("m11", "m22", "m12"), jnp.asarray(row), strict=True))
        found = np.asarray(poles(ScatteringLength(), CHANNELS, parameters))
        assert np.abs(found[:, None] - by_hand).min(axis=0).max() < 1e-10


def test_a_weak_coupling_leaves_the_pole_of_the_upper_channel():
    """k2 -> -i m22 as m12 -> 0: bound on sheet 2 for m22 < 0, virtual on sheet 4 (or its shadow) for m22 > 0."""
    for m22, kind in ((-60.0, "bound"), (60.0, "virtual")):
        parameters = {"m11": 200.0, "m22": m22, "m12": 1.0}
        parameters = {name: jnp.asarray(value) for name, value in parameters.items()}
        found = pole_quantities(ScatteringLength(), CHANNELS, parameters, CHANNELS.threshold, 300.0)
        assert_allclose(found["pole_real"], -(m22**2) / (2 * CHANNELS.reduced_mass), rtol=1e-3)
        assert_allclose(found["pole_momentum_imaginary"], -m22, rtol=1e-3)
        assert float(found[kind]) == 1.0
        assert_allclose(upper_pole(ScatteringLength(), CHANNELS, parameters), -1j * m22, atol=1e-9)


def test_a_narrow_flatte_resonance_lies_below_the_axis_on_sheet_3():
    """E = E_R - i (g1^2 k1 + g2^2 k2) to first order in the couplings."""
    parameters = {"position": jnp.asarray(40.0), "coupling1": jnp.asarray(1e-4), "coupling2": jnp.asarray(1e-4)}
    found = pole_quantities(Flatte(), CHANNELS, parameters, CHANNELS.threshold + 40.0, 300.0)
    k1, k2 = CHANNELS.momenta(CHANNELS.variable(jnp.asarray(CHANNELS.threshold + 40.0)))
    assert float(found["pole_sheet"]) == 3.0
    assert_allclose(found["pole_real"], 40.0, atol=1e-3)
    assert_allclose(found["pole_imaginary"], -1e-4 * float((k1 + k2).real), rtol=1e-3)
    assert float(found["resonance"]) == 1.0


@pytest.mark.parametrize(("length", "sheet"), [(5.42, 1), (-23.7, 2)])
def test_the_pole_of_the_effective_range_expansion_is_its_closed_form(length, sheet):
    """k = i (1 - sqrt(1 - 2 r/a)) / r: the deuteron's channel and 1S0."""
    radius = 1.75
    parameters = {"inverse_length": jnp.asarray(HBAR_C / length), "effective_range": jnp.asarray(radius / HBAR_C)}
    found = jax.jit(lambda p: pole_quantities(EffectiveRange(), NUCLEONS, p, NUCLEONS.threshold, 200.0))(parameters)
    kappa = HBAR_C * (1 - np.sqrt(1 - 2 * radius / length)) / radius
    assert_allclose(found["pole_momentum_imaginary"], kappa, rtol=1e-12)
    assert_allclose(found["pole_real"], -(kappa**2) / (2 * NUCLEONS.reduced_mass), rtol=1e-12)
    assert float(found["pole_sheet"]) == sheet
    assert float(found["bound"]) == float(sheet == 1)
    assert_allclose(found["scattering_length"], length, rtol=1e-12)
    other = np.asarray(found["pole_real_by_sheet"])[2 - sheet]
    assert np.isnan(other) == (sheet == 1)


def test_derivatives_of_a_pole_are_those_of_differences():
    def real(m22):
        parameters = {"m11": jnp.asarray(200.0), "m22": m22, "m12": jnp.asarray(180.0)}
        return pole_quantities(ScatteringLength(), CHANNELS, parameters, CHANNELS.threshold, 300.0)["pole_real"]

    step = 1e-3
    difference = (real(60.0 + step) - real(60.0 - step)) / (2 * step)
    assert_allclose(jax.grad(real)(60.0), difference, rtol=1e-7)


def test_the_intensity_is_that_of_a_complex_inverse():
    """k1 |T11|^2 with T = (M - ik)^-1 by NumPy's inverse of a matrix."""
    energy = np.array([4290.0, 4319.5, 4350.0])
    m = np.array([[200.0, 180.0], [180.0, 60.0]])
    parameters = {"m11": jnp.asarray(200.0), "m22": jnp.asarray(60.0), "m12": jnp.asarray(180.0)}
    found = intensity(ScatteringLength(), CHANNELS, parameters, jnp.asarray(energy))
    pairs = zip(CHANNELS.reduced_masses, (CHANNELS.lower, CHANNELS.upper), strict=True)
    k1, k2 = (np.sqrt(2 * mu * (energy - sum(masses)) + 0j) for mu, masses in pairs)
    inverse = [np.linalg.inv(m - 1j * np.diag(pair)) for pair in zip(k1, k2, strict=True)]
    assert_allclose(found, [k.real * abs(t[0, 0]) ** 2 for k, t in zip(k1, inverse, strict=True)], rtol=1e-10)


def test_the_complex_scattering_length_is_minus_the_amplitude_at_threshold():
    """a = -hbar c T22 at k2 = 0: 1/a = -m22 - m12^2/(m11 - i k1) inverted by hand; Im a < 0 absorbs."""
    parameters = {"m11": jnp.asarray(200.0), "m22": jnp.asarray(60.0), "m12": jnp.asarray(180.0)}
    found = pole_quantities(ScatteringLength(), CHANNELS, parameters, CHANNELS.threshold, 300.0)
    k1 = np.sqrt(2 * CHANNELS.reduced_masses[0] * CHANNELS.gap)
    expected = -HBAR_C / (60.0 - 180.0**2 / (200.0 - 1j * k1))
    assert_allclose(found["scattering_length_real"], expected.real, rtol=1e-10)
    assert_allclose(found["scattering_length_imaginary"], expected.imag, rtol=1e-10)
    assert expected.imag < 0
