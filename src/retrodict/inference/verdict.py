"""From the figures of a run to a verdict that a person can act on: OK, WARN or FAIL, with reasons in words.

A point estimate and an approximate ensemble are never OK, whatever their figures: their spread promises nothing until
`retrodict validate` has measured its coverage on this very problem.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from retrodict.problem.target import Quantity
from retrodict.run.result import Verdict

STATUSES: Final = ("OK", "WARN", "FAIL")
NOTE, WARN, FAIL = 0, 1, 2

# figure: (WARN beyond, FAIL beyond). R-hat and ESS: Vehtari et al. (2021); k: Vehtari et al. (2024).
R_HAT: Final = (1.01, 1.05)
SAMPLE_SIZE: Final = (400.0, 100.0)
ANCESTORS: Final = (50.0, 10.0)  # prior draws that a population stems from: so few do not show its errors either
PARETO_K: Final = (0.7, 1.0)
DIVERGENT: Final = (0.0, 0.05)  # fraction of the draws
INVALID: Final = (0.01, 0.2)
RARELY, MOSTLY = 5e-4, 0.5  # fraction of draws without a value that goes without saying, and that calls for a warning
UNCONVERGED: Final = (0.0, 0.5)
OVERESTIMATED: Final = 0.7  # the effective share by configurations held out over that by the draws themselves
UNCOVERED: Final = (0.0, 0.01)  # share of the held-out configurations outside of what a model draws: WARN, FAIL
IMBALANCE: Final = (4.0, np.inf)  # standard errors of the count of one sign against the other
MISMATCH: Final = (0.01, 0.5)  # of the logarithm of a density
P_VALUE: Final = (1e-3, 1e-6)
PRIOR_DOMINATED: Final = 0.1  # shrinkage below which a quantity is the prior's


class Finding(NamedTuple):
    """One thing worth saying, and how bad it is."""

    level: int
    text: str


def assess(
    facts: Mapping[str, Any],
    fit: Mapping[str, float],
    shrinkage: Mapping[str, np.ndarray],
    quantities: tuple[Quantity, ...],
    notes: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on a run.

    `facts` are the `diagnostics` of a result (missing figures are skipped), `fit` its chi2, dof and p (empty without
    data), `shrinkage` the array of each quantity by name. `notes` on data and set-up become notes.
    """
    findings = [*_kind(facts), *_sampling(facts), *_weights(facts), *_proposals(facts), *_draws(facts), *_fit(fit)]
    findings += [*_estimates(facts), *_prior_dominated(shrinkage, quantities)]
    findings += [Finding(NOTE, remark) for remark in notes]
    findings.sort(key=lambda finding: -finding.level)
    worst = max((finding.level for finding in findings), default=NOTE)
    reasons = tuple(finding.text for finding in findings if finding.level > NOTE)
    return Verdict(STATUSES[worst], reasons, tuple(finding.text for finding in findings if finding.level == NOTE))


def _kind(facts: Mapping[str, Any]) -> Iterator[Finding]:
    if facts["kind"] == "point":
        yield Finding(WARN, "a point estimate: it says nothing about the uncertainty")
    elif facts["kind"] == "approximate" and "contradicted" in facts:
        yield Finding(WARN, "an approximate method: its means are biased, and their errors do not show it")
    elif facts["kind"] == "approximate":
        yield Finding(
            WARN, "an approximate method: its spread is not a calibrated posterior; measure it with `validate`"
        )


def _sampling(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Convergence of the chains."""
    rhat = facts.get("rhat")
    if rhat is not None and (level := _above(rhat, R_HAT)):
        text = f"the chains do not agree: R-hat = {rhat:.3f} for {facts['rhat_worst']} (should be <= {R_HAT[0]})"
        yield Finding(level, text)
    for name, where in (("ess_bulk", "centre"), ("ess_tail", "tails")):
        size = facts.get(name)
        if size is not None and (level := _below(size, SAMPLE_SIZE)):
            text = f"too few effective draws for the {where} of {facts[f'{name}_worst']}: {size:.0f}"
            yield Finding(level, f"{text} (should be >= {SAMPLE_SIZE[0]:.0f})")
    ancestors = facts.get("ancestors")
    if ancestors is not None and (level := _below(ancestors, ANCESTORS)):
        text = f"the particles stem from few draws of the prior: {ancestors:.0f} (should be >= {ANCESTORS[0]:.0f})"
        yield Finding(level, text)
    latents = facts.get("latent_rhat")
    if latents is not None and _above(latents, R_HAT) and not _above(rhat or 1.0, R_HAT):
        yield Finding(NOTE, f"the latents have not mixed (R-hat = {latents:.2f}) although the derived quantities have")
    if not facts.get("thermalised", True):
        text = f"the chains have not forgotten their start: the shortest is {facts['shortest_chain']:.0f}"
        yield Finding(FAIL, f"{text} autocorrelation times long, or early and late, hot and cold disagree")
    yield from _signs(facts)
    divergent = facts.get("divergent_fraction")
    if divergent is not None and (level := _above(divergent, DIVERGENT)):
        yield Finding(level, f"{facts['divergences']} divergent transitions: part of the posterior was not reached")
    irreversible = facts.get("irreversible_fraction")
    if irreversible is not None and irreversible > 0.5:
        yield Finding(WARN, f"{irreversible:.0%} of the trajectories were not reversible and were refused")


def _signs(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Halves of the space that a symmetry maps onto each other, between which the chains hardly move.

    Even quantities are right all the same, so that this is a warning only.
    """
    for name in _undecided(facts):
        count = facts["sign_changes"][name]
        seen = "never flipped" if count == 0 else f"flipped {count} times in {facts['chains']} chains"
        yield Finding(
            WARN, f"the sign of {name} {seen}: mode coverage was not checked; trust only what does not depend on it"
        )


def _undecided(facts: Mapping[str, Any]) -> list[str]:
    """The quantities whose sign flips so seldom that the chains do not know how often each is taken."""
    changes = facts.get("sign_changes", {})
    return [name for name, count in changes.items() if not count or facts["per_quantity"][name]["rhat"] > R_HAT[1]]


def _weights(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Quality of importance weights."""
    if facts.get("basins", 1) > 1:
        text = (
            f"the members sit in {facts['basins']} separate valleys ({facts['outside_main_basin']:.0%} not in the main"
        )
        yield Finding(WARN, f"{text} one): their weights are right within each, not between them")
    k, size = facts.get("pareto_k"), facts.get("weight_ess")
    worst = FAIL if facts["kind"] == "exact" else WARN  # an approximate method has promised less
    if k is not None and (level := min(_above(k, PARETO_K), worst)):
        yield Finding(
            level, f"the importance weights have a heavy tail: Pareto k = {k:.2f} (should be <= {PARETO_K[0]})"
        )
    if size is not None and (level := min(_below(size, SAMPLE_SIZE), worst)):
        text = f"the importance weights leave {size:.0f} effective draws (should be >= {SAMPLE_SIZE[0]:.0f})"
        yield Finding(level, text)


def _proposals(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """What is known of the draws of a generative model before they were corrected."""
    imbalance = facts.get("raw_imbalance")
    if imbalance is not None and (level := _above(imbalance, IMBALANCE)):
        text = f"the model draws one sign more often than the other, by {imbalance:.1f} standard errors"
        yield Finding(level, f"{text}: it does not cover both modes alike")
    elif imbalance is not None:
        yield Finding(NOTE, f"the model draws both signs alike, within {imbalance:.1f} standard errors")
    mismatch = facts.get("density_mismatch")
    if mismatch is not None and (level := _above(mismatch, MISMATCH)):
        text = f"the model disagrees with itself about the density of its draws, by {mismatch:.2g} in log q"
        yield Finding(level, f"{text} (should be <= {MISMATCH[0]}): more integration steps")
    yield from _coverage(facts)
    if not facts.get("data_thermalised", True):
        text = "the chain that gathered the training data had not forgotten its start"
        yield Finding(NOTE, f"{text}: the model is the worse for it, the corrected draws are not")


def _coverage(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether a model draws wherever the theory lives: its own weights cannot tell."""
    if "model_density" not in facts:
        return
    uncovered = facts.get("uncovered")
    if uncovered is None:
        yield Finding(NOTE, "mode coverage was not checked: no configurations, or no density, to compare with")
    elif uncovered > 0:
        text = f"{uncovered:.2%} of {facts['held_out']} configurations held out lie where the model hardly ever draws"
        yield Finding(_above(uncovered, UNCOVERED), f"{text}: the corrected answers lack their share")
    else:
        yield Finding(NOTE, f"none of {facts['held_out']} configurations held out lies where the model hardly draws")
    share = facts.get("ess_of_data", facts["ess"])
    if share < OVERESTIMATED * facts["ess"]:
        text = (
            f"of the draws {facts['ess']:.0%} are effective by their own weights, {share:.0%} by those of the held-out"
        )
        yield Finding(WARN, f"{text}: there are heavier weights, which they missed, and the errors are too small")


def _draws(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Draws for which the physics has no answer, and searches that did not end."""
    invalid = facts.get("invalid_fraction") or 0.0
    if invalid > 0:
        level = _above(invalid, INVALID)
        yield Finding(level, f"{invalid:.2%} of the draws are invalid (no likelihood); they carry no weight")
    # A star of two solar masses need not exist: that is an answer, not a fault, but the numbers are conditional on it.
    for name, fraction in facts.get("undefined_fraction", {}).items():
        if fraction >= RARELY:
            level = WARN if fraction > MOSTLY else NOTE
            yield Finding(level, f"{name} does not exist in {fraction:.1%} of the draws; its numbers are of the others")
    unconverged = facts.get("unconverged_fraction")
    if unconverged is not None and (level := _above(unconverged, UNCONVERGED)):
        yield Finding(level, f"{unconverged:.1%} of the searches did not converge")


def _estimates(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Answers whose errors are not what they should be."""
    worst = FAIL if facts["kind"] == "exact" else WARN  # an approximate method has promised less
    told = _undecided(facts)  # of a sign: has been said, and is no failure
    for name, sigmas in facts.get("contradicted", {}).items():
        if name in told:
            continue
        yield Finding(worst, f"{name} lies {abs(sigmas):.1f} standard errors from its exact value")
    if names := facts.get("incomplete"):
        text = f"the chains are too short to see the memory end of {', '.join(names)}"
        yield Finding(WARN, f"{text}: the errors are lower bounds")
    if names := facts.get("unknown_error"):
        yield Finding(WARN, f"never changed, or changed too seldom for an error: {', '.join(names)}")


def _fit(fit: Mapping[str, float]) -> Iterator[Finding]:
    if not fit:
        return
    chi2, dof, p = fit["chi2"], fit["dof"], fit["p"]
    quality = f"chi2/dof = {chi2:.1f}/{dof:.1f}, p = {p:.1g}"
    if not np.isfinite(chi2):
        yield Finding(FAIL, "the best draw does not fit the data at all: chi2 is not finite")
    elif level := _below(p, P_VALUE):
        yield Finding(level, f"the model does not describe the data: {quality}")
    elif 1 - p < P_VALUE[0]:
        text = "the fit is suspiciously good: errors too large, correlations forgotten, or data without noise"
        yield Finding(WARN, f"{text} ({quality.rsplit(',', 1)[0]}, 1 - p < {P_VALUE[0]:g})")


def _prior_dominated(shrinkage: Mapping[str, np.ndarray], quantities: tuple[Quantity, ...]) -> Iterator[Finding]:
    """By name and range. A warning only where nothing that is reported was learnt from the data."""
    known = [quantity for quantity in quantities if np.any(np.isfinite(shrinkage.get(quantity.name, np.nan)))]
    scalars = [quantity for quantity in known if not quantity.is_function]
    headline = scalars or known
    dominated = [quantity for quantity in headline if np.nanmax(shrinkage[quantity.name]) < PRIOR_DOMINATED]
    if headline and len(dominated) == len(headline):
        yield Finding(WARN, f"the data say almost nothing: shrinkage < {PRIOR_DOMINATED} for everything reported")
        return
    if names := [quantity.name for quantity in dominated if not quantity.is_function]:
        yield Finding(NOTE, f"prior-dominated (shrinkage < {PRIOR_DOMINATED}): {', '.join(names)}")
    for quantity in known:
        if quantity.is_function and (ranges := _ranges(quantity, shrinkage[quantity.name] < PRIOR_DOMINATED)):
            where = f"{quantity.grid_name or 'x'} in {', '.join(ranges)} {quantity.grid_unit}".rstrip()
            yield Finding(NOTE, f"{quantity.name} is prior-dominated for {where}")


def _ranges(quantity: Quantity, flagged: np.ndarray) -> list[str]:
    """The stretches of the grid where `flagged` holds, as `a ... b`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flagged, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2] - 1
    x = quantity.x
    return [f"{x[a]:.4g} ... {x[b]:.4g}" if b > a else f"{x[a]:.4g}" for a, b in zip(starts, ends, strict=True)]


def _above(value: float, limits: tuple[float, float]) -> int:
    """NOTE, WARN or FAIL for a figure that should be small; a NaN is a failure."""
    return FAIL if not value <= limits[1] else WARN if value > limits[0] else NOTE


def _below(value: float, limits: tuple[float, float]) -> int:
    """NOTE, WARN or FAIL for a figure that should be large; a NaN is a failure."""
    return FAIL if not value >= limits[1] else WARN if value < limits[0] else NOTE
