"""The figures of spectral functions draw the bands and data of the result, by value."""

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from retrodict.base.figure import Points
from retrodict.spectral.derived import times_energy
from retrodict.spectral.figures import figures
from tests import bands

OMEGA, TAU = np.array([0.5, 1.0, 2.0]), np.array([0.0, 1.0])
BASES = {"spectral_function": (OMEGA, np.array([1.0, 3.0, 2.0])), "correlator": (TAU, np.array([5.0, 4.0]))}


def stand(grid_name):
    about = {"spectral_function": {"grid_unit": "GeV"}, "correlator": {"grid_unit": "GeV^-1", "grid_name": grid_name}}
    posterior = xr.Dataset({name: ((), 0.0, attributes) for name, attributes in about.items()})
    observed = xr.Dataset({"data_0": ("n", [6.1, 4.7])})
    tree = xr.DataTree.from_dict({"/posterior": posterior, "/observed_data": observed})
    return bands.Stand(BASES, {"peak_position": {"median": 1.1, "mean": 1.3}}, tree)


@pytest.mark.parametrize("grid_name", ["tau", "momentum"])
def test_bands_are_divided_by_the_power_of_the_frequency_that_is_written_beside_them(grid_name):
    spectrum, correlator = figures(stand(grid_name))
    panels = spectrum.panels
    assert len(panels) == (2 if grid_name == "tau" else 1)
    for panel, power in zip(panels, (2, 0) if grid_name == "tau" else (0,), strict=True):
        prior, posterior, peak = panel.layers
        assert (prior.role, posterior.role) == ("prior", "posterior")
        bands.check(posterior, BASES["spectral_function"][1] / OMEGA**power)
        bands.check(prior, BASES["spectral_function"][1] / OMEGA**power, 3.0)
        assert_allclose(posterior.x, OMEGA)
        assert_allclose(peak.x, 1.1)
        assert panel.y_unit == times_energy("GeV^-2", "GeV", -power)
    band, points = correlator.panels[0].layers
    bands.check(band, BASES["correlator"][1])
    assert isinstance(points, Points)
    assert_allclose(points.y, [6.1, 4.7])
    assert_allclose(points.x, TAU)
