"""The bulk field against an adaptive integrator, the metric from its response, and what is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.hadron.holography.analysis import SHOWN, ChiralCondensate, Holography, Response, boundary_values
from retrodict.hadron.holography.ansatz import centre_of
from retrodict.hadron.holography.bulk import PLACES, Bulk, centres
from retrodict.hadron.holography.curve import (
    LATTICE,
    black_hole,
    black_hole_curve,
    condensate_curve,
    describe,
    read_curve,
)
from retrodict.inference.identifiability import identifiability
from retrodict.inference.least_squares import minimise

CURVE = black_hole_curve(1e-6, seed=None)


def hole(coupling=1.0):
    numbers = (jnp.asarray(x) for x in (-1.0, coupling, 1.0))
    return Bulk(jnp.asarray(PLACES * black_hole(PLACES) - 1), *numbers)


def test_the_response_of_the_black_hole_is_that_of_an_adaptive_integrator():
    found, valid = Response(jnp.asarray(CURVE.source), False)(hole())
    assert bool(valid)
    np.testing.assert_allclose(found, CURVE.response, atol=1e-6)


def test_the_response_is_differentiated_implicitly():
    """d response / d lambda at a fixed source, against differences."""
    forward = Response(jnp.asarray(CURVE.source[::8]), False)
    slope = jax.jacfwd(lambda c: forward(hole(c))[0])(1.0)
    h = 1e-4
    difference = (forward(hole(1 + h))[0] - forward(hole(1 - h))[0]) / (2 * h)
    np.testing.assert_allclose(slope, difference, rtol=1e-5, atol=1e-9)


def test_a_source_that_no_regular_field_has_is_invalid():
    """Of a metric that makes the linear response negative the symmetry is broken without a source."""
    bulk = Bulk(jnp.asarray(PLACES * centre_of(PLACES, 3) - 1), jnp.asarray(-9.0), jnp.asarray(1.0), jnp.asarray(1.0))
    found, valid = centres(bulk, jnp.array([0.5]), lambda b, c: boundary_values(b, c, False)[0])
    assert not bool(valid)
    assert np.all(np.isfinite(found))


def test_the_middle_of_the_priors_has_a_horizon_and_a_boundary_and_is_no_black_hole():
    small = np.array([1e-3, 2e-3])
    rest = centre_of(small, 3) - 1 / small
    assert rest[1] / rest[0] == pytest.approx(4.0, rel=1e-3)
    assert centre_of(np.array([3.0]), 3)[0] == pytest.approx(3.0, rel=1e-3)
    assert np.max(np.abs(centre_of(PLACES, 3) / black_hole(PLACES) - 1)) > 0.03


def test_the_metric_of_the_black_hole_is_found_from_exact_data():
    target = Holography().given(black_hole_curve(1e-7, seed=None))
    descend = eqx.filter_jit(lambda t, z: minimise(t, z, iterations=40, temperature=100.0).position)
    z = descend(target, jnp.zeros(target.dim))
    h = np.asarray((1 + target.unknown(z).excess) / PLACES)[SHOWN]
    np.testing.assert_allclose(h, black_hole(PLACES[SHOWN]), rtol=5e-3)
    rank = identifiability(target, z).effective_rank
    assert 3 < rank < 6, "a response curve holds a few numbers only"


def test_quark_mass_and_condensate_are_those_of_the_boundary_expansion():
    """phi and phi' from alpha and beta by the expansion, and back."""
    bulk = Bulk(jnp.asarray(PLACES * centre_of(PLACES, 4) - 1), *(jnp.asarray(x) for x in (-3.0, 0.3, 3.85)))
    mass, condensate = (float(x) for x in boundary_values(bulk, jnp.asarray(0.4), True))
    alpha, beta = np.sqrt(3) / (2 * np.pi) * 3.85 * mass, np.pi / np.sqrt(3) * 3.85**3 * condensate
    phi = alpha * np.exp(-1) + beta * np.exp(-3) - 0.15 * alpha**3 * np.exp(-3)
    slope = -alpha * np.exp(-1) - 3 * beta * np.exp(-3) - 0.15 * alpha**3 * (1 - 3) * np.exp(-3)
    want = [float(x) for x in boundary_values(bulk, jnp.asarray(0.4), False)]
    np.testing.assert_allclose([phi, slope], want, rtol=1e-10)


def write(path, header, *columns):
    rows = [", ".join(f"{x:.9g}" for x in row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


MASS, QQ = (np.array(x) for x in zip(*LATTICE, strict=True))
X, Y = CURVE.source[::4], CURVE.response[::4]


def test_condensates_in_mev_and_gev_are_the_same_curve(tmp_path):
    header = "quark_mass [MeV], condensate [MeV^3], error"
    path = write(tmp_path / "q.csv", header, np.r_[0, MASS] * 1e3, np.r_[0, QQ] * 1e9, np.r_[QQ[0], QQ] * 1e7)
    curve = read_curve(path)
    np.testing.assert_allclose(curve.response, QQ, rtol=1e-8)
    np.testing.assert_allclose(curve.error, condensate_curve(0.01).error, rtol=1e-8)
    assert "by symmetry" in curve.notes[0]
    assert describe(path)["kind"] == "response_curve"


def test_the_field_belongs_to_the_data():
    with pytest.raises(InputError, match="does not belong"):
        Holography(field=ChiralCondensate()).given(CURVE)
    with pytest.raises(InputError, match="does not belong"):
        Holography().given(condensate_curve(0.01))


BAD = {
    "no errors": ("source, response", (X, Y), "no errors"),
    "no response": ("source, error", (X, Y), "is missing"),
    "descending": ("source, response, error", (X[::-1], Y[::-1], 0.1 + 0 * Y), "ascending"),
    "negative": ("source, response, error", (-X[::-1], Y, 0.1 + 0 * Y), "ascending"),
    "few": ("source, response, error", (X[:3], Y[:3], 0.1 + 0 * Y[:3]), "too few"),
    "zero error": ("source, response, error", (X, Y, 0 * Y), "not positive"),
    "huge sources": ("source, response, error", (1e3 * X, Y, 0.1 + 0 * Y), "far from"),
    "no unit": ("quark_mass, condensate, error", (MASS, QQ, QQ), "has no unit"),
    "MeV under a GeV header": ("quark_mass [GeV], condensate [GeV^3], error", (1e3 * MASS, QQ, QQ), "no quark masses"),
    "MeV^3 under GeV^3": ("quark_mass [GeV], condensate [GeV^3], error", (MASS, 1e9 * QQ, QQ), "no quark masses"),
    "unknown unit": ("quark_mass [fm], condensate [GeV^3], error", (MASS, QQ, QQ), "unknown unit"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_curve_is_one_error_with_words(tmp_path, name):
    header, columns, words = BAD[name]
    with pytest.raises(InputError, match=words):
        read_curve(write(tmp_path / "bad.csv", header, *columns))
