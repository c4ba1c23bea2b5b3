"""Figures, sections and baselines of a run: the metric, the response curve, what the data fix, the classical way."""

from typing import TYPE_CHECKING, Final

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.figure import Figure, Guide, Line, Panel, Points, band_of
from retrodict.base.section import Run, Section, Table
from retrodict.base.types import Array, Float
from retrodict.hadron.holography.analysis import SHOWN, Answer, Response
from retrodict.hadron.holography.ansatz import AbstractMetric, PolynomialMetric
from retrodict.hadron.holography.bulk import PLACES
from retrodict.hadron.holography.curve import black_hole
from retrodict.inference.identifiability import identifiability
from retrodict.inference.least_squares import minimise
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

ITERATIONS: Final = 80
TEXT: Final = (
    "The whitened Jacobian at the best fit has the singular values {values}, ...: the data determine {rank:.1f} numbers"
    " of {latents}. Between these the metric is that of the prior."
)
CLASSICAL: Final = (
    "The same curve with h minus the middle of the prior as an odd polynomial of three terms in eta, and the posterior"
    " of this run."
)


def figures(result: "Result") -> tuple[Figure, ...]:
    """The metric, over its prior and beside the planar black hole, of a run's `result`."""
    band, before = result.band("metric"), result.prior_band("metric")
    prior = (band_of(before, "prior", "prior"),) if before else ()
    chiral = result.unit("response") != ""
    guide = () if chiral else (Line(band["x"], black_hole(band["x"]), r"$3\coth 3\eta$", dashed=True),)
    spread = float(np.max(np.abs(band["median"])))
    low = min(0.0, 1.2 * float(np.min(band["q2_5"])))
    panel = Panel(
        r"$\eta$", r"$h(\eta)$", (*prior, band_of(band, "posterior"), *guide), y_limits=(low, max(12.0, 0.6 * spread))
    )
    tilted = [
        {key: value if key == "x" else value * band["x"] for key, value in b.items()} for b in (before, band) if b
    ]
    layers = tuple(
        band_of(b, name, name) for b, name in zip(tilted[-2:], ("prior", "posterior")[-len(tilted) :], strict=True)
    )
    scaled = Panel(r"$\eta$", r"$\eta\,h(\eta)$", (*layers, Guide(1.0, label="horizon")))
    caption = "68 and 95 % bands over those of the prior. The horizon is at zero, the boundary at one."
    return (Figure("metric", "Bulk metric", caption, (panel, scaled)),)


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> tuple[Section, ...]:
    """The response curve with the data, the effective rank, and the classical parametrisation.

    Args:
        result: of the run.
        target: its posterior.
        run: its directory; not needed.
    """
    return (response_section(result, target), rank_section(result, target), baselines(result, target))


def response_section(result: "Result", target: Posterior) -> Section:
    """Data and bands, and both over the median.

    Args:
        result: of the run.
        target: its posterior.
    """
    source, data, error = data_of(target)
    band = result.band("response")
    best = jnp.asarray(result.tree["fit"].dataset["best"].values)
    fit = np.asarray(target.forward_pass(best).prediction)
    attributes = result.tree["posterior"]["response"].attrs
    name, unit = attributes["grid_name"], attributes["grid_unit"]
    whole = (band_of(band), Points(source, data, y_error=error, label="data"))
    scale = np.where(np.abs(fit) > 0, fit, 1.0)
    ratio = (Guide(1.0), Points(source, data / scale, y_error=np.abs(error / scale), label="data"))
    panels = (
        Panel(name, result.label("response"), whole, unit, result.unit("response")),
        Panel(name, "data / best fit", ratio, unit),
    )
    figure = Figure("response", "Response curve", "The response curve of the posterior and the data.", panels)
    return Section("response", "Response curve", "", None, (figure,))


def rank_section(result: "Result", target: Posterior) -> Section:
    """How many numbers the data determine.

    Args:
        result: of the run.
        target: its posterior.
    """
    found = identifiability(target, jnp.asarray(result.tree["fit"].dataset["best"].values))
    values = found.singular_values
    text = TEXT.format(values=", ".join(f"{v:.2g}" for v in values[:6]), rank=found.effective_rank, latents=len(values))
    count = np.arange(1, len(values) + 1)
    layers = (Guide(1.0, label="noise"), Points(count, np.maximum(values, 1e-8)))
    panels = (Panel("mode", "singular value", layers, y_log=True),)
    caption = "Singular values of the whitened Jacobian; above the line the data say more than the prior."
    return Section("rank", "What the data fix", text, None, (Figure("rank", "Singular values", caption, panels),))


def baselines(result: "Result", target: Posterior, *, run: Run | None = None) -> Section:
    """A polynomial metric beside the posterior.

    Args:
        result: of the run.
        target: its posterior.
        run: its directory; not needed.

    Raises:
        InputError: for the result of another analysis.
    """
    h, prediction = polynomial_fit(target)
    _, data, error = data_of(target)
    best = jnp.asarray(result.tree["fit"].dataset["best"].values)
    ours = np.asarray(target.forward_pass(best).prediction)
    rows = tuple(
        (name, float(f"{np.mean(((fit - data) / error) ** 2):.4g}"), float(f"{np.max(np.abs(fit / data - 1)):.3g}"))
        for name, fit in (("this posterior, best fit", ours), ("polynomial", prediction))
    )
    band = result.band("metric")
    top = max(12.0, 0.6 * float(np.max(np.abs(band["median"]))))
    low = min(0.0, 1.2 * float(np.min(band["q2_5"])))
    layers = (band_of(band, "posterior"), Line(band["x"], h, "polynomial", "second"))
    panel = Panel(r"$\eta$", r"$h(\eta)$", layers, y_limits=(low, top))
    figure = Figure("classical", "The classical parametrisation", "Bands, and the polynomial.", (panel,))
    table = Table(("Metric", "chi2 / points", "largest deviation"), rows)
    return Section("methods", "The classical parametrisation", CLASSICAL, table, (figure,))


def polynomial_fit(target: Posterior) -> tuple[Float[np.ndarray, " shown"], Float[np.ndarray, " points"]]:
    """h and the response of the best polynomial.

    Args:
        target: the posterior whose data are fitted.

    Raises:
        InputError: for the posterior of another analysis.
    """
    if not isinstance(target.ansatz, AbstractMetric) or not isinstance(target.derive, Answer):
        raise InputError("this is not the posterior of a bulk metric")
    a = target.ansatz
    ansatz = PolynomialMetric().on(a.dimension, a.mass_squared, a.coupling, a.length)
    problem: Posterior = Posterior(ansatz, target.forward, target.likelihood)

    @eqx.filter_jit
    def descend(problem: Posterior, z: Array) -> tuple[Array, Array, Array]:
        found = minimise(problem, z, iterations=ITERATIONS, temperature=100.0)
        there = problem.forward_pass(found.position)
        return (1 + there.unknown.excess) / jnp.asarray(PLACES), there.prediction, found.cost

    starts = [jnp.zeros(problem.dim), 0.3 * jr.normal(jr.key(0), (problem.dim,))]
    h, prediction, _ = min((descend(problem, z) for z in starts), key=lambda one: float(one[2]))
    return np.asarray(h)[SHOWN], np.asarray(prediction)


def data_of(
    target: Posterior,
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Sources, responses and their errors.

    Args:
        target: the posterior.

    Raises:
        InputError: for the posterior of another analysis.
    """
    if not isinstance(target.forward, Response) or not isinstance(target.likelihood, Gaussian):
        raise InputError("this is not the posterior of a bulk metric")
    error = np.sqrt(np.diag(np.asarray(target.likelihood.covariance.matrix())))
    return np.asarray(target.forward.source), np.asarray(target.likelihood.mean), error
