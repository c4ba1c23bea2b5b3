"""What `inspect` tells of a correlator, by value."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.spectral.autocorrelation import Autocorrelation
from retrodict.spectral.classical.problem import Reconstruction
from retrodict.spectral.comparison import _row
from retrodict.spectral.estimation import implied_bin_size
from retrodict.spectral.inspect import inspect


def test_a_correlator_is_told_with_its_ranges_and_errors(tmp_path):
    tau = np.arange(1.0, 9.0)
    value = np.exp(-0.4 * tau)
    error = 0.01 * value * np.sqrt(tau)
    path = tmp_path / "correlator.csv"
    lines = [f"{t:g}, {v:.12g}, {e:.12g}" for t, v, e in zip(tau, value, error, strict=True)]
    path.write_text("\n".join(["tau [fm], G, sigma", *lines]) + "\n")
    found = inspect(path)
    assert found["points"] == 8
    columns = found["columns"]
    ends = [[columns[name][end] for end in ("least", "largest")] for name in ("value", "error")]
    assert_allclose(ends, [[value.min(), value.max()], [error.min(), error.max()]], rtol=1e-8)
    ratio = value / error
    assert found["smallest_relative_error"] == pytest.approx(1 / ratio.max())
    told = found["signal_to_noise"]
    assert_allclose([told["first"], told["median"], told["last"]], [ratio[0], np.median(ratio), ratio[-1]], rtol=1e-8)
    assert found["condition_number_of_correlations"] == pytest.approx(1.0)


def test_bins_are_twice_the_slowest_autocorrelation_time():
    """3.2 measurements: bins of 7; where the excess over 1/2 is not significant, none."""
    times = Autocorrelation(np.array([0.5, 3.2]), np.array([0.1, 0.3]), np.ones(2), np.array([3, 12]))
    assert implied_bin_size(times, 1000) == 7
    assert implied_bin_size(times, 10) == 1


def test_a_method_is_compared_with_the_median_and_the_95_per_cent_band():
    """On five frequencies it lies inside the band twice; the distance is that of the integrals of the squares."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    band = {"x": x, "median": np.ones(5), "q2_5": np.full(5, 0.6), "q16": np.full(5, 0.9)}
    band |= {"q84": np.full(5, 1.1), "q97_5": np.full(5, 1.4)}
    value = np.array([1.0, 1.3, 1.5, 0.5, 2.0])
    method = Reconstruction("exact", x, value * x**2, None, 7.5, 0.1, "how; note", ())
    name, chi2, alpha, distance, inside, note = _row(method, band, 2.0)
    assert (name, chi2, alpha, inside, note) == ("exact", 7.5, 0.1, "40%", "note")
    assert distance == pytest.approx(np.trapezoid((value - 1) ** 2, x) / 4.0)
