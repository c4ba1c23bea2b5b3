"""Wave functions of local and non-local potentials against closed forms, and what they say of the potential."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict import InputError
from retrodict.base.constants import HBAR_C
from retrodict.hadron.scattering.r_matrix import LegendreMesh, phase_shift
from retrodict.hadron.wave_functions.analysis import MOCK_DECAY, MOCK_MASS, MOCK_STRENGTH, WaveFunctions, mock
from retrodict.hadron.wave_functions.kernel import NeuralKernel, SmoothKernel, separable, separable_phase_shift
from retrodict.hadron.wave_functions.readers import inspect, read_waves
from retrodict.hadron.wave_functions.solution import ScatteringSolver

MESH = LegendreMesh(10.0, 60)
K = np.linspace(20.0, 300.0, 10)
Q = K / HBAR_C
SOLVER = ScatteringSolver(MESH, tuple(K.tolist()), MOCK_MASS)
EXACT = separable_phase_shift(Q, MOCK_STRENGTH / HBAR_C, MOCK_DECAY, MOCK_MASS / HBAR_C)


@pytest.fixture(scope="module")
def waves():
    return SOLVER(jnp.asarray(separable(MESH.r, MOCK_STRENGTH, MOCK_DECAY)))


def test_phase_shifts_of_a_separable_potential_are_its_closed_form(waves):
    apart = np.asarray(waves.phase_shift) - EXACT
    np.testing.assert_allclose(apart - np.pi * np.round(apart / np.pi), 0.0, atol=1e-6)


def test_wave_functions_of_a_separable_potential_are_their_closed_form(waves):
    """phi = [sin(qr + delta) - sin delta e^{-mu r} (1 + r (mu^2 + q^2)/(2 mu))]/(q r)."""
    r, q = np.linspace(0.05, 6.0, 40), Q[:, None]
    found = np.asarray(waves.coefficients) @ MESH.basis(r) / (q * r)
    decaying = np.exp(-MOCK_DECAY * r) * (1 + r * (MOCK_DECAY**2 + q**2) / (2 * MOCK_DECAY))
    closed = (np.sin(q * r + EXACT[:, None]) - np.sin(EXACT)[:, None] * decaying) / (q * r)
    sign = np.sign(np.sum(found * closed, axis=1))[:, None]
    np.testing.assert_allclose(sign * found, closed, atol=2e-6)


def test_a_local_potential_has_the_phases_of_the_other_solver():
    yukawa = jnp.asarray(-60.0 * np.exp(-MESH.r) / (0.3 + MESH.r))
    other = phase_shift(yukawa, K, mesh=MESH, reduced_mass=MOCK_MASS)
    np.testing.assert_allclose(SOLVER(yukawa).phase_shift, other, atol=1e-10)


def test_derivatives_are_those_of_differences():
    kernel = jnp.asarray(separable(MESH.r, MOCK_STRENGTH, MOCK_DECAY))
    change = jnp.asarray(separable(MESH.r, 1.0, 3.0))
    _, slope = jax.jvp(lambda s: SOLVER(kernel + s * change).phase_shift, (0.0,), (1.0,))
    step = 0.3
    difference = (SOLVER(kernel + step * change).phase_shift - SOLVER(kernel - step * change).phase_shift) / (2 * step)
    np.testing.assert_allclose(slope, difference, rtol=1e-5)


@pytest.mark.parametrize("recipe", [SmoothKernel(nodes=6), NeuralKernel(width=5)], ids=lambda a: type(a).__name__)
def test_every_draw_is_symmetric_and_vanishes_at_the_origin_and_far_away(recipe):
    r = np.array([1e-6, 0.3, 0.7, 1.5, 12.0])
    bound = recipe.on(r)
    kernel = np.asarray(bound(jnp.asarray(np.random.default_rng(0).normal(size=bound.dim))))
    np.testing.assert_allclose(kernel, kernel.T, atol=1e-12)
    assert np.abs(kernel[0]).max() < 1e-2
    assert np.abs(kernel[-1]).max() < 1e-4 * np.abs(kernel).max()
    assert np.abs(kernel[1:4, 1:4]).min() > 0


def test_the_truth_has_a_chi_squared_of_one_per_value():
    table = mock(MESH, MOCK_MASS)
    target = WaveFunctions(ansatz=SmoothKernel(nodes=4), radius=10.0, points=60).posterior(None)
    truth = jnp.asarray(separable(MESH.r, MOCK_STRENGTH, MOCK_DECAY))
    residual = target.likelihood.residual(target.forward(truth)[0])
    assert len(residual) == len(table.wave) == 400
    assert 0.85 < float(jnp.mean(residual**2)) < 1.15


def table(path, header="k [MeV],r [fm],phi,error", k=100.0, r=1.0, phi=0.5, error=0.01, rows=6):
    lines = [f"{k * (1 + (i % 2))},{r * (1 + i)},{phi},{error}" for i in range(rows)]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_table_is_read_in_its_units(tmp_path):
    found = read_waves(table(tmp_path / "w.csv", header="k [GeV],r [fm],phi,error", k=0.1))
    np.testing.assert_allclose(np.unique(found.momentum), [100.0, 200.0])
    assert inspect(tmp_path / "w.csv")["kind"] == "wave_functions"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 0.1}, "momenta too small"),
        ({"k": -100.0}, "momenta out of range"),
        ({"r": 0.0}, "distances out of range"),
        ({"r": 50.0}, "distances out of range"),
        ({"error": 0.0}, "an error is not positive"),
        ({"phi": 400.0}, "no wave functions"),
        ({"header": "k [MeV],r [fm],phi,other"}, "error"),
        ({"header": "a,b,c,d"}, "no wave functions"),
        ({"header": "k [MeV],r [km],phi,error"}, "km"),
    ],
)
def test_a_broken_table_is_one_clear_error(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read_waves(table(tmp_path / "w.csv", **changes))


def test_the_analysis_needs_a_mass_and_a_mesh_beyond_the_data(tmp_path):
    path = table(tmp_path / "w.csv")
    with pytest.raises(InputError, match="reduced mass is missing"):
        WaveFunctions().posterior(path)
    with pytest.raises(InputError, match="distances beyond the mesh"):
        WaveFunctions(reduced_mass=470.0, radius=5.0).posterior(path)
