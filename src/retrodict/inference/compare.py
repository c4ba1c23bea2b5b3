"""A result beside its data and its prior: quality of the fit, identifiability, shrinkage."""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2 as chi2_distribution

from retrodict.base.types import Float
from retrodict.inference.evaluate import Evaluated, rows
from retrodict.inference.identifiability import Identifiability, narrowing, shrinkage, singular_directions
from retrodict.inference.linearisation import linearise_at, nearest_mode
from retrodict.num.weighted import normalised_weights
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares
from retrodict.run.method import Draws


class Comparison(NamedTuple):
    """What a target with data has beyond its draws."""

    best: Float[np.ndarray, " latent"]  # the best draw, moved to the nearest mode (a point estimate stays where it is)
    pulls: Float[np.ndarray, " pull"]
    fit: dict[str, float]  # chi2, dof, p
    labels: dict[str, tuple[str, ...]]  # of the pulls of each term of a product of likelihoods, by its name
    seen: Identifiability
    prior: Evaluated
    shrinkage: dict[str, np.ndarray]  # empty for a point estimate, which has no spread
    narrowing: dict[str, np.ndarray]  # ratio of effective widths, of the same quantities


def compare(target: AbstractLeastSquares, draws: Draws, found: Evaluated, prior: Evaluated) -> Comparison:
    """Fit, identifiability and shrinkage; `prior` holds evaluated draws from the prior.

    The fit is taken at the posterior mode next to the best draw: there, for a linear problem, chi2 has pulls minus
    effective rank as its expectation.
    """
    weights = normalised_weights(np.ravel(draws.log_weight), found.valid)
    best = rows(draws.position)[int(np.argmax(np.where(weights > 0, found.log_density, -np.inf)))]
    here = linearise_at(target, best) if draws.kind == "point" else nearest_mode(target, best)
    seen, pulls = singular_directions(here.jacobian), here.pulls
    positions = target.fitted_positions if isinstance(target, Posterior) else 0
    fit = fit_quality(pulls, positions + seen.effective_rank)
    before = normalised_weights(np.zeros(len(prior.valid)), prior.valid)
    judged = {} if draws.kind == "point" else found.derived
    learnt = {name: shrinkage(values, weights, prior.derived[name], before) for name, values in judged.items()}
    narrowed = {name: narrowing(values, weights, prior.derived[name], before) for name, values in judged.items()}
    labels = target.labels_by_term() if isinstance(target, Posterior) else {}
    return Comparison(here.position, pulls, fit, labels, seen, prior, learnt, narrowed)


def fit_quality(pulls: Float[np.ndarray, " pull"], fitted: float) -> dict[str, float]:
    """chi2 of the pulls, its degrees of freedom after `fitted` parameters (at least 1), and the chance p of more."""
    chi2, dof = float(np.sum(pulls**2)), max(len(pulls) - fitted, 1.0)
    return {"chi2": chi2, "dof": dof, "p": float(chi2_distribution.sf(chi2, dof))}
