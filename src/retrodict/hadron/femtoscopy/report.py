"""What a report shows of a correlation function: the source, the fit, what approximations and data leave open."""

from typing import TYPE_CHECKING, Final

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.figure import Figure, Guide, Layer, Line, Panel, Points, band_of
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.base.shapes import Float
from retrodict.hadron.femtoscopy.comparison import Problem, linear_data, methods, problem_of
from retrodict.hadron.femtoscopy.lednicky import statistics_term, strong_term
from retrodict.hadron.femtoscopy.model import low_energy
from retrodict.hadron.femtoscopy.potentials import AbstractFittedPotential
from retrodict.hadron.femtoscopy.sources import gaussian
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

SHOWN_DRAWS: Final = 300
KNOWN: Final = 0.5  # shrinkage of a band, from which on the data say more than the prior
NOISE: Final = 1.0  # singular value of a combination of latents that moves the data by one standard deviation


def figures(result: "Result") -> tuple[Figure, ...]:
    """Source, correlation function, and a potential that was fitted.

    Args:
        result: of a run.
    """
    found = [_source(result), _correlation(result)]
    return (*found, _potential(result)) if "potential" in result.tree["posterior"].dataset else tuple(found)


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> tuple[Section, ...]:
    """Pulls over k, other methods, the approximation of Lednicky and Lyuboshits, and what the data leave open.

    Args:
        result: of the run.
        target: its posterior.
        run: where the files of the run lie; not needed.
    """
    problem = problem_of(target, result)
    found = [_residuals(result, problem), methods(result, target, run=run)]
    if problem.derivation.setup.pair.charge_product == 0:
        found.append(lednicky(result, problem))
    return (*found, left_open(result, target, problem))


def _source(result: "Result") -> Figure:
    band, prior = result.band("source"), result.prior_band("source")
    layers: list[Layer] = [band_of(prior, label="prior", role="prior")] if prior else []
    layers.append(band_of(band, label="posterior"))
    top, low = 1.25 * float(np.max(band["q97_5"])), max(float(np.min(band["q2_5"][band["x"] < 10.0])), 1e-6)
    axes = ("r", r"$4\pi r^2 S(r)$", tuple(layers), "fm", "fm^-1")
    panels = (Panel(*axes, y_limits=(0.0, top)), Panel(*axes, y_log=True, y_limits=(0.3 * low, 2.0 * top)))
    caption = (
        "The probability density of the distance of a pair at emission, with the volume element 4 pi r^2 in it: 68 and"
        " 95 % bands of the posterior over those of the prior, on both scales."
    )
    return Figure("source", "Source", caption, panels)


def _correlation(result: "Result") -> Figure:
    band = result.band("correlation_function")
    layers: list[Layer] = [Guide(1.0), band_of(band, label="posterior")]
    group = result.tree.children.get("observed_data")
    if group is not None and "data" in group.dataset:
        layers.append(Points(band["x"], group.dataset["data"].values, label="data"))
    caption = (
        "The correlation function as it is measured, with resolution, impurities and baseline in it: 68 and 95 % bands"
        " and the data."
    )
    return Figure(
        "correlation_function", "Correlation function", caption, (Panel("k", "$C(k)$", tuple(layers), "MeV"),)
    )


def _potential(result: "Result") -> Figure:
    band, prior = result.band("potential"), result.prior_band("potential")
    below = [band_of(prior, label="prior", role="prior")] if prior else []
    size = 1.3 * float(np.max(np.abs([band["q2_5"], band["q97_5"]])))
    panels = [Panel("r", "$V(r)$", (*below, band_of(band, label="posterior")), "fm", "MeV", y_limits=(-size, size))]
    if "inverse_scattering_length" in result.tree["posterior"].dataset:
        every = slice(None, None, max(1, len(result.draws("mean_distance")[0]) // SHOWN_DRAWS))
        x, y = (result.draws(name)[0][every] for name in ("mean_distance", "inverse_scattering_length"))
        points = Points(x, y, label="draws", role="posterior")
        panels.append(Panel("mean distance", "$1/a_0$", (points,), "fm", "fm^-1"))
    caption = (
        "The fitted potential over its prior, and how it is tied to the size of the source: along the cloud the data"
        " do not choose."
    )
    return Figure("potential", "Potential", caption, tuple(panels))


def _residuals(result: "Result", problem: Problem) -> Section:
    data, band = problem.derivation.setup.data, result.band("correlation_function")
    pull = (data.value - band["median"]) / data.error
    layers = (Guide(0.0, half_width=1.0), Points(data.momentum, pull, y_error=1.0, label="data"))
    relative = (
        band_of({name: value if name == "x" else value - band["median"] for name, value in band.items()}),
        Points(data.momentum, data.value - band["median"], y_error=data.error, label="data"),
    )
    panels = (
        Panel("k", "$C$ - median", relative, "MeV"),
        Panel("k", "pull", layers, "MeV"),
    )
    caption = "Data minus the median of the posterior, and the same in units of the errors."
    return Section("ratio", "Data minus fit", "", None, (Figure("pulls_k", "Data minus fit", caption, panels),))


def lednicky(result: "Result", problem: Problem) -> Section:
    """The approximation of Lednicky and Lyuboshits beside the full wave function, for the same Gaussian source.

    Args:
        result: of the run.
        problem: the parts of its posterior.
    """
    setup = problem.derivation.setup
    radius = 0.25 * np.sqrt(np.pi) * result.quantities()["mean_distance"]["median"]
    momentum = setup.data.momentum
    source = gaussian(jnp.asarray(setup.distances.radius), radius)
    numbers = {"lambda_parameter": 1.0, "normalisation": 1.0, "slope": 0.0, "curvature": 0.0}
    full = np.asarray(problem.forward(problem.best._replace(source=source, experiment=numbers))[0])
    near = 1.0 + sum(_channel_terms(problem, radius), np.zeros(len(momentum)))
    worst = int(np.argmax(np.abs(near - full)))
    chosen = np.unique(np.linspace(0, len(momentum) - 1, 6).round().astype(int))
    rows = tuple((f"{momentum[i]:.4g} MeV", float(full[i]), float(near[i]), float(near[i] - full[i])) for i in chosen)
    text = (
        "An approximation that is often used instead of wave functions, for the Gaussian source with the mean distance"
        f" of this posterior (R = {radius:.3g} fm). It is an approximation: its error is up to"
        f" {abs(near[worst] - full[worst]):.2g}, at k = {momentum[worst]:.4g} MeV. Nothing else in this report uses it."
    )
    layers = (Line(momentum, full, "wave functions", role="posterior"), Line(momentum, near, "Lednicky", dashed=True))
    panel = Panel("k", "$C(k)$", layers, "MeV")
    caption = "The same Gaussian source and the same potential, by wave functions and by the approximation."
    figure = Figure("lednicky", "Lednicky-Lyuboshits", caption, (panel,))
    return Section(
        "lednicky", "Lednicky-Lyuboshits", text, Table(("k", "C", "approximation", "error"), rows), (figure,)
    )


def _channel_terms(problem: Problem, radius: float) -> list[Float[np.ndarray, " momenta"]]:
    """What each channel adds to C - 1 in the approximation."""
    setup = problem.derivation.setup
    momentum, found = setup.data.momentum, []
    for channel in setup.channels:
        symmetry = setup.pair.symmetry(channel)
        found.append(channel.weight * symmetry * statistics_term(momentum, radius))
        if channel.potential is None or 0 not in setup.pair.waves(channel):
            continue
        potential = problem.best.potential
        if not isinstance(channel.potential, AbstractFittedPotential):
            potential = jnp.asarray(channel.potential.on(setup.distances.wave_radius))
        inverse, effective = (float(x) for x in low_energy(potential, setup.distances, setup.pair.reduced_mass))
        factor = channel.weight * (2.0 if symmetry else 1.0)
        found.append(factor * strong_term(momentum, radius, inverse, effective))
    return found


def left_open(result: "Result", target: Posterior, problem: Problem) -> Section:
    """How many combinations of the unknowns the data determine, and where the band is that of the prior.

    Args:
        result: of the run.
        target: its posterior.
        problem: its parts.
    """
    best = jnp.asarray(result.tree["fit"].dataset["best"].values)
    values = np.linalg.svd(np.asarray(jax.jit(jax.jacfwd(target.residual))(best)), compute_uv=False)
    seen = int(np.sum(values > NOISE))
    grid, shrinkage = result.band("source")["x"], np.asarray(result.shrinkage("source"))
    known = grid[shrinkage > KNOWN] if shrinkage.shape == grid.shape else grid[:0]
    where = f"between {known[0]:.2g} and {known[-1]:.2g} fm" if known.size else "nowhere"
    text = (
        f"Of the {target.dim} unknown numbers the data determine {seen} combinations better than the prior does. The"
        f" band of the source is less than half as wide as that of the prior {where}. At the largest distances the wave"
        " function hardly differs from a free one: there the tail is what the prior of the source makes of the rest."
    )
    rows: list[tuple[Cell, ...]] = []
    for name in result.scalars:
        rows.append((result.label(name), float(np.asarray(result.shrinkage(name)))))
    if "inverse_scattering_length" in result.scalars:
        size, inverse = (result.draws(name)[0] for name in ("mean_distance", "inverse_scattering_length"))
        tied = float(np.corrcoef(size, inverse)[0, 1])
        text += (
            f" Source and potential are fitted together: mean distance and 1/a0 have the correlation {tied:.2f}. Data"
            " at other multiplicities or transverse masses, where the source has another size, separate them."
        )
    singular = linear_data(target, problem).operator * np.sqrt(problem.derivation.setup.distances.step)
    spectrum = np.linalg.svd(singular, compute_uv=False)[:20]
    points = Points(np.arange(1, len(spectrum) + 1), spectrum, role="posterior")
    panel = Panel("mode", "singular value", (points,), y_log=True, y_limits=(1e-4 * spectrum[0], 3.0 * spectrum[0]))
    caption = (
        "Singular values of the map from the source to the data in units of the errors: how fast information is lost"
        " says how little of the shape can be seen without a prior."
    )
    figure = Figure("ill_posedness", "What the data see of a source", caption, (panel,))
    table = Table(("Quantity", "1 - posterior sd / prior sd"), tuple(rows))
    return Section("left-open", "What the data leave open", text, table, (figure,))
