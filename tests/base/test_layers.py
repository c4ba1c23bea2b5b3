"""The CSV of a figure holds each number of a layer under the name of its column."""

import csv
import io

import numpy as np
import pytest

from retrodict.base.figure import (
    Band,
    Bars,
    Curves,
    Density,
    Ellipses,
    Figure,
    Guide,
    Histogram,
    Image,
    Line,
    Panel,
    Points,
)

QUANTILES = {"q2_5": [1.0, 2.0], "q16": [3.0, 4.0], "median": [5.0, 6.0], "q84": [7.0, 8.0], "q97_5": [9.0, 10.0]}
LAYERS = [
    (Band([0.0, 1.0], **QUANTILES), {"x": [0, 1], **QUANTILES}),
    (Line([0.0, 1.0], [2.0, 3.0]), {"x": [0, 1], "y": [2, 3]}),
    (Curves([0.0, 1.0], [[2.0, 3.0], [4.0, 5.0]]), {"curve": [0, 0, 1, 1], "x": [0, 1, 0, 1], "y": [2, 3, 4, 5]}),
    (
        Points([0.0, 1.0], [2.0, 3.0], [[0.1, 0.2], [0.3, 0.4]], [0.5, 0.6]),
        {
            "x": [0, 1],
            "y": [2, 3],
            "x_minus": [0.1, 0.2],
            "x_plus": [0.3, 0.4],
            "y_minus": [0.5, 0.6],
            "y_plus": [0.5, 0.6],
        },
    ),
    (
        Ellipses([0.0], [1.0], [2.0], [3.0], [0.4]),
        {"x": [0], "y": [1], "x_sd": [2], "y_sd": [3], "correlation": [0.4]},
    ),
    (
        Density([0.0, 1.0, 2.0], [5.0, 6.0], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        {"x": [0, 1, 2, 0, 1, 2], "y": [5, 5, 5, 6, 6, 6], "density": [1, 2, 3, 4, 5, 6]},
    ),
    (Histogram([0.0, 1.0, 3.0], [0.2, 0.4]), {"x_low": [0, 1], "x_high": [1, 3], "y": [0.2, 0.4]}),
    (
        Bars(("a", "b"), [1.0, 2.0], [[0.1, 0.2], [0.3, 0.4]]),
        {"x": [1, 2], "x_minus": [0.1, 0.2], "x_plus": [0.3, 0.4]},
    ),
    (Image([[1.0, 2.0], [3.0, 4.0]]), {"x": [0, 1, 0, 1], "y": [0, 0, 1, 1], "value": [1, 2, 3, 4]}),
    (Guide(2.0, 0.5), {"y": [2], "half_width": [0.5]}),
    (Guide(2.0, vertical=True), {"x": [2], "half_width": [0]}),
]


@pytest.mark.parametrize(("layer", "wanted"), LAYERS, ids=lambda part: type(part).__name__)
def test_every_number_stands_under_its_name(layer, wanted):
    text = Figure("f", "Title", "", (Panel("a", "b", (layer,), "km", "Msun"),)).to_csv()
    rows = list(csv.DictReader(io.StringIO("".join(line for line in text.splitlines(True) if line[0] != "#"))))
    found = {name: [float(row[name]) for row in rows] for name in wanted}
    assert found == {name: np.asarray(values, dtype=float).tolist() for name, values in wanted.items()}
    assert {row["kind"] for row in rows} == {type(layer).__name__.lower()}
    assert "# panel 1: x = a [km], y = b [Msun]" in text
