"""The pictures of this domain, described as data."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from retrodict.base.figure import Band, Ellipses, Figure, Line, Panel, Points, band_of

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need


def figures(result: "Result") -> tuple[Figure, ...]:
    """Pressure, sound speed, stars and tides: posterior over prior, with the observations.

    Args:
        result: a result of this domain.
    """
    return (_mass_radius(result), _pressure(result), _sound_speed(result), _tides(result))


def _mass_radius(result: "Result") -> Figure:
    stars = _observed_stars(result)
    caption = (
        "The radius of a star of given mass: 68 and 95 % bands of the posterior over those of the prior, with the "
        "observations (68 % regions). A mass contributes only where the equation of state supports it."
    )
    layers = (*_bands(result, "radius", sideways=True), *stars)
    panel = Panel("radius", "mass", layers, "km", "Msun")
    return Figure("mass_radius", "Mass and radius", caption, (panel,))


def _pressure(result: "Result") -> Figure:
    caption = "The pressure of cold dense matter: 68 and 95 % bands of the posterior over those of the prior."
    panels = (
        Panel(
            "energy density",
            "pressure",
            _bands(result, "pressure_of_energy"),
            "MeV fm^-3",
            "MeV fm^-3",
            x_log=True,
            y_log=True,
        ),
        Panel("baryon density", "pressure", _bands(result, "pressure"), "n_sat", "MeV fm^-3", y_log=True),
    )
    return Figure("pressure", "Equation of state", caption, panels)


def _sound_speed(result: "Result") -> Figure:
    caption = (
        "The squared speed of sound. The dashed line is the conformal value 1/3. Beyond the central density of the "
        "heaviest star (its median is the vertical line) no data speak: the band there is the prior."
    )
    grid = result.band("sound_speed_squared")["x"]
    conformal = Line(grid, np.full_like(grid, 1 / 3), "1/3", dashed=True)
    centre = result.quantities()["central_density"]["median"] / 0.16
    edge = Line(np.array([centre, centre]), np.array([0.0, 1.0]), "centre of the heaviest star", role="fourth")
    layers = (*_bands(result, "sound_speed_squared"), conformal, edge)
    panel = Panel("baryon density", "$c_s^2$", layers, "n_sat", "c^2", y_limits=(0.0, 1.0))
    return Figure("sound_speed", "Sound speed", caption, (panel,))


def _tides(result: "Result") -> Figure:
    caption = "The tidal deformability of a star of given mass: posterior over prior, 68 and 95 % bands."
    panel = Panel("mass", r"$\Lambda$", _bands(result, "tidal_deformability"), "Msun", "", y_log=True)
    return Figure("tidal_deformability", "Tidal deformability", caption, (panel,))


def _bands(result: "Result", name: str, *, sideways: bool = False) -> tuple[Band, ...]:
    """Prior below, posterior above; where fewer than one draw in twenty has a value there is no band."""
    prior, posterior = result.prior_band(name), result.band(name)
    below = (band_of(_trim(result, name, prior), label="prior", role="prior", sideways=sideways),) if prior else ()
    return (*below, band_of(_trim(result, name, posterior), label="posterior", sideways=sideways))


def _trim(
    result: "Result", name: str, band: dict[str, Float[np.ndarray, "..."]]
) -> dict[str, Float[np.ndarray, "..."]]:
    values, weights = result.draws(name)
    present = np.isfinite(values).T @ weights if values.ndim == 2 else np.ones(1)
    return {key: np.where(present >= 0.05, value, np.nan) if key != "x" else value for key, value in band.items()}


def _observed_stars(result: "Result") -> tuple[Ellipses | Points, ...]:
    """The measured stars: leaves 0 to 3 of the data are values, mass errors, radius errors and correlations."""
    group = result.tree.children.get("observed_data")
    name = next((name for name in ("stars", "data") if group is not None and f"{name}_3" in group.dataset), None)
    if group is None or name is None:
        return ()
    leaves = [group.dataset[f"{name}_{i}"].values for i in range(4)]
    if leaves[0].ndim != 2 or leaves[1].shape != leaves[0].shape:
        return ()
    (mass, radius), (mass_error, radius_error) = leaves[0].T, leaves[1:3]
    label = "observations"
    if np.allclose(mass_error[:, 0], mass_error[:, 1]) and np.allclose(radius_error[:, 0], radius_error[:, 1]):
        return (Ellipses(radius, mass, radius_error[:, 0], mass_error[:, 0], leaves[3], label),)
    return (Points(radius, mass, radius_error.T, mass_error.T, label),)
