"""The figures of neutron stars draw the bands, stars and lines of the result, by value."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from retrodict.base.figure import Ellipses, Points
from retrodict.neutron_star.figures import figures
from tests import bands

X = np.array([1.0, 2.0, 3.0])
NAMES = ("radius", "pressure_of_energy", "pressure", "sound_speed_squared", "tidal_deformability")
BASES = {name: (X * (i + 1), 10.0**i * np.array([1.0, 2.0, 4.0])) for i, name in enumerate(NAMES)}


def stand(upper_error=0.1, present=None):
    """Two stars with errors of mass and radius and a correlation."""
    leaves = [
        [[1.4, 12.0], [1.9, 11.0]],
        [[0.1, upper_error], [0.2, 0.2]],
        [[1.0, 1.0], [0.8, 0.8]],
        [0.3, -0.5],
    ]
    data = {f"data_{i}": ([f"{i}_{k}" for k in range(np.ndim(leaf))], leaf) for i, leaf in enumerate(leaves)}
    tree = xr.DataTree.from_dict({"/observed_data": xr.Dataset(data)})
    return bands.Stand(BASES, {"central_density": {"median": 0.8, "mean": 1.0}}, tree, present)


@pytest.fixture(scope="module")
def drawn():
    return {figure.name: figure for figure in figures(stand())}


@pytest.mark.parametrize(
    ("figure", "panel", "name"),
    [
        ("mass_radius", 0, "radius"),
        ("pressure", 0, "pressure_of_energy"),
        ("pressure", 1, "pressure"),
        ("sound_speed", 0, "sound_speed_squared"),
        ("tidal_deformability", 0, "tidal_deformability"),
    ],
)
def test_bands_of_prior_and_posterior_are_drawn_in_their_roles(drawn, figure, panel, name):
    prior, posterior, *_ = drawn[figure].panels[panel].layers
    assert (prior.role, posterior.role) == ("prior", "posterior")
    x, base = BASES[name]
    bands.check(prior, base, 3.0)
    bands.check(posterior, base)
    assert_allclose(posterior.x, x)
    assert posterior.sideways == (name == "radius")


def test_observed_stars_are_ellipses_of_their_own_errors(drawn):
    """Radius to the right, mass upwards; each error with its quantity."""
    (stars,) = (layer for layer in drawn["mass_radius"].panels[0].layers if isinstance(layer, Ellipses))
    assert_allclose([stars.x, stars.y], [[12.0, 11.0], [1.4, 1.9]])
    assert_allclose([stars.x_sd, stars.y_sd], [[1.0, 0.8], [0.1, 0.2]])
    assert_allclose(stars.correlation, [0.3, -0.5])


def test_stars_with_two_sided_errors_keep_both_sides():
    (stars,) = (layer for layer in figures(stand(0.3))[0].panels[0].layers if isinstance(layer, Points))
    assert_allclose([stars.x, stars.y], [[12.0, 11.0], [1.4, 1.9]])
    assert_allclose(stars.y_error, [[0.1, 0.2], [0.3, 0.2]])
    assert_allclose(stars.x_error, [[1.0, 0.8], [1.0, 0.8]])


def test_the_sound_speed_stands_beside_the_conformal_value_and_the_centre_of_the_heaviest_star(drawn):
    """0.8 fm^-3 are five times the saturation density of 0.16 fm^-3."""
    *_, conformal, edge = drawn["sound_speed"].panels[0].layers
    assert_allclose(conformal.y, 1 / 3)
    assert_allclose(edge.x, 5.0)


def test_where_hardly_a_draw_has_a_star_there_is_no_band():
    """One draw in twenty-five at the last mass, one in ten at the one before."""
    values = np.ones((50, 3))
    values[2:, 2] = np.nan
    values[5:, 1] = np.nan
    prior, posterior = figures(stand(present={"radius": values}))[0].panels[0].layers[:2]
    for band in (prior, posterior):
        assert np.isfinite(band.median[:2]).all()
        assert np.isnan([band.median[2], band.q2_5[2], band.q97_5[2]]).all()
