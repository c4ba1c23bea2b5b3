"""What `inspect` tells of a table of this domain, by value."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star.readers.inspect import inspect


def described(tmp_path, head, rows):
    path = tmp_path / "table.csv"
    path.write_text("\n".join([head, *(", ".join(f"{x:.10g}" for x in row) for row in rows)]) + "\n")
    return inspect(path)


def check(column, values, unit):
    found = [column[key] for key in ("least", "median", "largest")]
    assert_allclose(found, [np.min(values), np.median(values), np.max(values)], rtol=1e-8)
    assert column["unit"] == unit


def test_measured_stars_are_told_with_their_ranges(tmp_path):
    rows = [(1.4, 0.1, 12000.0, 1000.0), (1.9, 0.2, 11000.0, 700.0), (1.2, 0.15, 13500.0, 2000.0)]
    found = described(tmp_path, "mass [Msun], mass_error [Msun], radius [m], radius_error [m]", rows)
    assert found["rows"] == 3
    columns = np.transpose(rows)
    for name, values, unit in zip(
        ("mass", "mass_error", "radius", "radius_error"),
        (columns[0], columns[1], columns[2] / 1000, columns[3] / 1000),
        ("Msun", "Msun", "km", "km"),
        strict=True,
    ):
        check(found["columns"][name], values, unit)


def test_samples_are_told_with_their_effective_number_and_correlation(tmp_path):
    rng = np.random.default_rng(0)
    mass = rng.normal(1.4, 0.1, 900)
    radius, weight = 12 + 5 * (mass - 1.4) + rng.normal(0, 0.5, 900), rng.random(900)
    found = described(tmp_path, "mass [Msun], radius [km], weight", np.transpose([mass, radius, weight]))
    assert found["effective_samples"] == pytest.approx(weight.sum() ** 2 / np.sum(weight**2), rel=1e-6)
    assert found["correlation"] == pytest.approx(np.corrcoef(mass, radius)[0, 1], rel=1e-6)
    check(found["columns"]["radius"], radius, "km")


def test_tides_are_told_by_chirp_mass_and_combined_deformability(tmp_path):
    """M = (m1 m2)^(3/5) / (m1 + m2)^(1/5); equal stars have Lambda~ = Lambda; the formula of Flanagan and Hinderer."""
    rng = np.random.default_rng(1)
    m1, m2 = rng.uniform(1.4, 1.6, 50), rng.uniform(1.1, 1.4, 50)
    l1, l2 = rng.uniform(100, 400, 50), rng.uniform(300, 900, 50)
    head = "mass_1_source [Msun], mass_2_source [Msun], lambda_1, lambda_2"
    found = described(tmp_path, head, np.transpose([m1, m2, l1, l2]))
    check(found["columns"]["chirp_mass"], (m1 * m2) ** 0.6 / (m1 + m2) ** 0.2, "Msun")
    total = (m1 + 12 * m2) * m1**4 * l1 + (m2 + 12 * m1) * m2**4 * l2
    check(found["columns"]["lambda_tilde"], 16 / 13 * total / (m1 + m2) ** 5, "")
