"""Figures and sections of a run: the masses, the equation of state with its data, the viscosity, what the data fix."""

from typing import TYPE_CHECKING, Final

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.figure import Figure, Guide, Layer, Line, Panel, Points, Role, band_of
from retrodict.base.section import Run, Section, Table
from retrodict.base.shapes import Float
from retrodict.hadron.quasi_particles.analysis import Answer, HotMatter
from retrodict.hadron.quasi_particles.gas import SPECIES, entropy
from retrodict.inference.identifiability import identifiability
from retrodict.problem.likelihood import Gaussian, Selected
from retrodict.problem.posterior import Posterior

if TYPE_CHECKING:
    from retrodict.run.result import Result

MASSES: Final = tuple(species.name for species in SPECIES)
STATE: Final = ("entropy_density", "pressure", "energy_density", "trace_anomaly")
MORE: Final = ("baryon_susceptibility", "strangeness_susceptibility")
LEAST_VISCOSITY: Final = 1 / (4 * np.pi)
ROLES: Final[tuple[Role, ...]] = ("posterior", "second", "third")
TEXT: Final = (
    "The posterior linearised at the best fit. The equation of state depends on the three masses of one temperature"
    " through their sum weighted with the slopes of the entropy: that combination is known far better than any single"
    " mass, unless susceptibilities or a prior on ratios tell them apart. The table lists standard deviations of ln m"
    " before and after the data, in per cent, those of the combination last. {rank:.1f} of {latents} directions are"
    " determined; singular values are {values}."
)


def figures(result: "Result") -> tuple[Figure, ...]:
    """The masses, and what follows from them beside the equation of state, of a run's `result`."""
    least = float(result.quantities()["least_viscosity"]["median"])
    viscosity = _panel(result, "shear_viscosity", Guide(LEAST_VISCOSITY, label=r"$1/4\pi$"), limits=(0.0, 6 * least))
    others = (viscosity, _panel(result, "sound_speed_squared", Guide(1 / 3, label="1/3")), _panel(result, "bag"))
    return (
        Figure(
            "masses",
            "Masses of the quasi-particles",
            "68 and 95 % bands of the posterior over those of the prior. Where they coincide the data say nothing of"
            " the single mass.",
            tuple(_mass_panel(result, name) for name in MASSES),
            columns=3,
        ),
        Figure(
            "viscosity",
            "Viscosity, speed of sound, bag function",
            "Shear viscosity over entropy density in the relaxation-time approximation (cut above: near $T_c$ the"
            " formula ends), the speed of sound squared, and the bag function.",
            others,
            columns=3,
        ),
    )


def sections(result: "Result", target: Posterior, *, run: Run | None = None) -> tuple[Section, ...]:
    """What the data fix, the data over the fit, and the classical parametrisation.

    Args:
        result: of the run.
        target: its posterior.
        run: its directory; not needed.
    """
    from retrodict.hadron.quasi_particles.baselines import baselines

    return (
        state_section(result, target),
        ratio_section(result, target),
        rank_section(result, target),
        baselines(result, target),
    )


def state_section(result: "Result", target: Posterior) -> Section:
    """The equation of state and the susceptibilities with their bands, and the table.

    Args:
        result: of the run.
        target: its posterior.
    """
    point, panels = forward_of(target).data.point, []
    terms = gaussians(target)
    for name in (*STATE, *MORE):
        data = ()
        if name in terms:
            error = np.sqrt(np.diag(np.asarray(terms[name].covariance.matrix())))
            data = (Points(point, np.asarray(terms[name].mean), y_error=error, label="table"),)
        panels.append(_panel(result, name, *data))
    caption = "Everything follows from the masses and one constant, the pressure at the lowest temperature."
    figure = Figure("equation_of_state", "Equation of state", caption, tuple(panels), columns=3)
    return Section("equation-of-state", "Equation of state", "", None, (figure,))


def ratio_section(result: "Result", target: Posterior) -> Section:
    """Table and posterior over the median of the posterior.

    Args:
        result: of the run.
        target: its posterior.
    """
    forward = forward_of(target)
    panels = []
    for name, term in gaussians(target).items():
        band = result.band(name)
        median = np.interp(np.asarray(forward.data.point), band["x"], band["median"])
        curves = {key: value if key == "x" else value / band["median"] for key, value in band.items()}
        error = np.sqrt(np.diag(np.asarray(term.covariance.matrix())))
        points = Points(forward.data.point, np.asarray(term.mean) / median, y_error=error / median, label="table")
        panels.append(Panel("$T$", f"{result.label(name)} / median", (band_of(curves), points), "MeV"))
    caption = "68 and 95 % bands and the table, over the median."
    figure = Figure("ratio", "Data over fit", caption, tuple(panels), section="fit")
    return Section("ratio", "Data over fit", "", None, (figure,))


def rank_section(result: "Result", target: Posterior) -> Section:
    """How many directions the data determine, and what is left open of each mass and of their combination.

    Args:
        result: of the run.
        target: its posterior.
    """
    best = jnp.asarray(result.tree["fit"].dataset["best"].values)
    forward = forward_of(target)
    point = np.asarray(forward.shown.point)
    found = identifiability(target, best)
    before, after, combined = spreads(target, best)
    rows = []
    for i in np.linspace(2, len(point) - 3, 5).astype(int):
        cells = [x for pair in zip(before[:, i], after[:, i], strict=True) for x in (100 * pair[0], 100 * pair[1])]
        rows.append((f"{point[i]:.0f} MeV", *(float(f"{x:.3g}") for x in (*cells, 100 * combined[i]))))
    names = (r"$m_g$", r"$m_{ud}$", r"$m_s$")
    head = ("T", *(f"{name} {when}" for name in names for when in ("before", "after")), "combination")
    values = ", ".join(f"{value:.3g}" for value in found.singular_values[:8])
    text = TEXT.format(rank=found.effective_rank, latents=target.dim, values=f"{values}, ...")
    lines: list[Layer] = [Line(point, 100 * after[i], names[i], role) for i, role in enumerate(ROLES)]
    lines.append(Line(point, 100 * combined, "combination", "reference"))
    count = np.arange(1, 1 + min(40, len(found.singular_values)))
    spectrum = (Guide(1.0, label="noise"), Points(count, np.maximum(found.singular_values[: len(count)], 1e-8)))
    panels = (
        Panel("$T$", r"spread of $\ln m$ [%]", tuple(lines), "MeV", y_log=True),
        Panel("mode", "singular value", spectrum, y_log=True),
        *_unseen(target, best, found.null_space, point),
    )
    caption = (
        "Standard deviations of ln m after the data; singular values of the whitened Jacobian; changes of the masses by"
        " one standard deviation of the prior that leave the data as they are."
    )
    return Section("rank", "What the data fix", text, Table(head, tuple(rows)), (Figure("rank", "", caption, panels),))


def spreads(
    target: Posterior, z: Float[jax.Array, " latents"]
) -> tuple[Float[np.ndarray, "species points"], Float[np.ndarray, "species points"], Float[np.ndarray, " points"]]:
    """Standard deviations of ln m before and after the data, and of the combination that the entropy fixes, linearised.

    The combination is the mean of ln m weighted with the slopes of the entropy density.

    Args:
        target: the posterior.
        z: latents at which it is linearised.
    """
    shown = forward_of(target).shown

    def log_mass(latents: Float[jax.Array, " latents"]) -> Float[jax.Array, "species points"]:
        return target.unknown(latents).log_mass @ shown.interpolation.T

    slope = np.asarray(jax.jacfwd(log_mass)(z))
    jacobian = np.asarray(jax.jacfwd(target.residual)(z))
    root = np.linalg.inv(np.linalg.cholesky(np.eye(target.dim) + jacobian.T @ jacobian))
    x = jnp.exp(log_mass(z)) / shown.point
    falls = [
        jax.vmap(jax.grad(lambda r, one=species: entropy(r, one)))(ratio) * ratio
        for species, ratio in zip(SPECIES, x, strict=True)
    ]
    weight = np.asarray(jnp.stack(falls))
    mean = np.sum((weight / weight.sum(axis=0))[:, :, None] * slope, axis=0)
    after = np.linalg.norm(slope @ root.T, axis=-1)
    return np.linalg.norm(slope, axis=-1), after, np.linalg.norm(mean @ root.T, axis=-1)


def forward_of(target: Posterior) -> HotMatter:
    """The forward model of this analysis.

    Args:
        target: its posterior.

    Raises:
        InputError: for another one.
    """
    if not isinstance(target.forward, HotMatter) or not isinstance(target.derive, Answer):
        raise InputError("this is not the posterior of quasi-particles")
    return target.forward


def gaussians(target: Posterior) -> dict[str, Gaussian]:
    """The terms that are columns of the table, by the names of their quantities.

    Args:
        target: the posterior.
    """
    terms = {name: term for name, term in target.likelihood.terms.items() if name in (*STATE, *MORE)}
    inner = {name: term.likelihood for name, term in terms.items() if isinstance(term, Selected)}
    return {name: term for name, term in inner.items() if isinstance(term, Gaussian)}


def _unseen(
    target: Posterior, best: Float[jax.Array, " latents"], null: Float[np.ndarray, "null latents"], point: np.ndarray
) -> tuple[Panel, ...]:
    """The unseen directions that move the masses most."""
    if not len(null):
        return ()
    shown = forward_of(target).shown
    slope = np.asarray(jax.jacfwd(lambda z: target.unknown(z).log_mass @ shown.interpolation.T)(best))
    moved = np.einsum("spz,nz->nsp", slope, null)
    _, size, modes = np.linalg.svd(moved.reshape(len(null), -1), full_matrices=False)
    shapes = (size[:1, None] * modes[:1]).reshape(1, len(SPECIES), len(point))
    names = (r"$m_g$", r"$m_{ud}$", r"$m_s$")
    curves = tuple(Line(point, shapes[0, i], names[i], role) for i, role in enumerate(ROLES))
    return (Panel("$T$", r"$\delta \ln m$ unseen", (Guide(0.0), *curves), "MeV"),)


def _panel(result: "Result", name: str, *extra: Layer, limits: tuple[float, float] | None = None) -> Panel:
    layers = (band_of(result.band(name)), *extra)
    return Panel("$T$", result.label(name), layers, "MeV", result.unit(name), y_limits=limits)


def _mass_panel(result: "Result", name: str) -> Panel:
    band, before = result.band(name), result.prior_band(name)
    prior = (band_of(before, "prior", "prior"),) if before else ()
    layers = (*prior, band_of(band, "posterior"))
    limits = (0.0, 1.4 * float(np.nanmax(band["q97_5"])))
    return Panel("$T$", result.label(name), layers, "MeV", result.unit(name), y_limits=limits)
