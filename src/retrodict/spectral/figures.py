"""The figures of this domain, described as data."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from retrodict.base.figure import Band, Figure, Line, Panel, Points, band_of, divided
from retrodict.spectral.derived import times_energy

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need


def figures(result: "Result") -> tuple[Figure, ...]:
    """The spectral function with its prior, and the predicted correlator with the data, of a run's `result`."""
    return (_spectral_function(result), _correlator(result))


def _spectral_function(result: "Result") -> Figure:
    caption = (
        "The spectral function: 68 and 95 % bands of the posterior over those of the prior. Where the two coincide the "
        "data say nothing. The vertical line is the median position of the highest peak."
    )
    if result.tree["posterior"]["correlator"].attrs["grid_name"] != "tau":
        return Figure("spectral_function", "Spectral function", caption, (_panel(result, 0, r"$\rho$"),))
    positive = bool(np.all(result.band("spectral_function")["q2_5"] > 0))
    panels = (_panel(result, 2, r"$\rho/\omega^2$"), _panel(result, 0, r"$\rho$", logarithmic=positive))
    return Figure("spectral_function", "Spectral function", caption, panels)


def _panel(result: "Result", power: int, label: str, *, logarithmic: bool = False) -> Panel:
    """rho/omega^power over omega."""
    energy = result.tree["posterior"]["spectral_function"].attrs["grid_unit"]
    unit = times_energy(result.unit("spectral_function"), energy, -power)
    band, prior = result.band("spectral_function"), result.prior_band("spectral_function")
    scale = band["x"] ** power
    band = divided(band, scale)
    low, top = _limits(band, logarithmic=logarithmic)
    below = (band_of(divided(prior, scale), label="prior", role="prior"),) if prior else ()
    layers: list[Band | Line] = [*below, band_of(band, label="posterior")]
    place = result.quantities()["peak_position"]["median"]
    layers.append(Line(np.array([place, place]), np.array([low, top]), "highest peak", role="fourth", dashed=True))
    axes = (r"$\omega$", label, tuple(layers), energy, unit)
    return Panel(*axes, x_log=True, y_log=logarithmic, y_limits=(low, top))


def _limits(band: dict[str, Float[np.ndarray, " points"]], *, logarithmic: bool) -> tuple[float, float]:
    """The posterior fills the panel; the prior is cut where it is wider."""
    least, greatest = float(np.nanmin(band["q2_5"])), float(np.nanmax(band["q97_5"]))
    return (0.3 * least, 3 * greatest) if logarithmic else (min(0.0, 1.3 * least), 1.3 * greatest)


def _correlator(result: "Result") -> Figure:
    caption = "The correlator of the posterior (68 and 95 % bands, hardly wider than the line) and the data."
    attributes = result.tree["posterior"]["correlator"].attrs
    band, data = result.band("correlator"), _data(result)
    points = () if data is None else (Points(band["x"], data, label="data"),)
    positive = bool(np.all(band["q2_5"] > 0)) and (data is None or bool(np.all(data > 0)))
    panel = Panel(
        attributes["grid_name"],
        "$G$",
        (band_of(band, label="posterior"), *points),
        attributes["grid_unit"],
        result.unit("correlator"),
        y_log=positive,
    )
    return Figure("correlator", "Correlator", caption, (panel,))


def _data(result: "Result") -> Float[np.ndarray, " points"] | None:
    group = result.tree.children.get("observed_data")
    names = ("data", "data_0")  # the second one in results of older versions
    return next((group.dataset[name].values for name in names if group is not None and name in group.dataset), None)
