r"""How far to believe a set of draws: convergence, effective sample sizes, tails of importance weights.

The convergence figures are those of Vehtari, Gelman, Simpson, Carpenter, Bürkner, "Rank-normalization, folding, and
localization: an improved R-hat", Bayesian Analysis 16 (2021) 667; the smoothed weights are those of Vehtari, Simpson,
Gelman, Yao, Gabry, "Pareto smoothed importance sampling", J. Machine Learning Research 25 (2024) 72. The former take
arrays `(chain, draw)` or `(chain, draw, quantity)`, the last axis in one go; the latter may be compiled and vmapped.
"""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.fft import next_fast_len
from scipy.special import ndtri

from retrodict.base.types import Array, Float, Int, Scalar

Draws = Float[np.ndarray, "chain draw ..."]
Particles = Float[np.ndarray, "particle quantity"]
Ancestor = Int[np.ndarray, " particle"]
Sizes = Float[np.ndarray, "..."]  # one for each quantity

FROZEN = 1e-12  # of the size of a quantity: a chain that varies less does not vary, but for rounding
MINIMAL_TAIL = 5  # fewer weights than this do not show a tail


def rhat_and_bulk_ess(draws: Draws) -> tuple[Sizes, Sizes]:
    """Rank-normalised split R-hat, and the effective sample size for the centre of the distribution.

    R-hat is the larger one of location and of scale (folded draws), NaN below four draws; the effective sample size is
    that of the rank-normalised split chains. Constant draws have nothing to disagree about: 1. Chains none of which
    varies, each at a value of its own, have no variance to compare with: infinity. Both in one, because the ranking
    costs more than all else.

    Args:
        draws: of one or several quantities, shape (chain, draw) or (chain, draw, quantity).
    """
    halves = _split(without_rounding(np.asarray(draws, dtype=float)))
    scores = _normal_scores(halves)
    folded = _normal_scores(np.abs(halves - np.median(halves, axis=(0, 1), keepdims=True)))
    return np.maximum(_rhat(scores), _rhat(folded)), effective_sample_size(scores)


def tail_ess(draws: Draws) -> Sizes:
    """Effective sample size for the tails: the smaller one of the indicators of the 5 % and the 95 % quantiles.

    Args:
        draws: of one or several quantities, shape (chain, draw) or (chain, draw, quantity).
    """
    draws = without_rounding(np.asarray(draws, dtype=float))
    low, high = np.quantile(draws, [0.05, 0.95], axis=(0, 1))
    below = effective_sample_size(_split((draws <= low).astype(float)))
    return np.minimum(below, effective_sample_size(_split((draws <= high).astype(float))))


def effective_sample_size(draws: Draws) -> Sizes:
    r"""Number of independent draws with the same error of the mean, from all chains together.

    $N_\mathrm{eff} = M N / \hat\tau$ with Geyer's initial monotone sequence of the multi-chain autocorrelation (Vehtari
    et al. 2021, eqs. 10-13), at most $M N \log_{10}(M N)$. Constant draws count in full.

    Args:
        draws: of one or several quantities, shape (chain, draw) or (chain, draw, quantity).
    """
    draws = np.asarray(draws, dtype=float)
    chains, length = draws.shape[:2]
    total = chains * length
    if length < 4:
        return np.full(draws.shape[2:], np.nan)
    tau = _autocorrelation_sum(draws.reshape(chains, length, -1))
    return (total / np.maximum(tau, 1 / np.log10(total))).reshape(draws.shape[2:])


def genealogy_ess(particles: Particles, ancestor: Ancestor) -> Sizes:
    r"""Number of independent draws with the same error of the mean, from who descends from whom.

    Particles of one ancestor may be copies: with $S_k$ the sum of $x - \bar x$ over the descendants of ancestor k,
    $$N_\mathrm{eff} = N\,\frac{\sum_i (x_i - \bar x)^2}{\sum_k S_k^2}\Big(1 - \frac{\sum_k d_k^2}{N^2}\Big),$$
    at most N; 0 if all N descend from one, d_k being the numbers of descendants. Constant quantities count in full.
    Source: the variance estimator of Lee, Whiteley, Biometrika 105 (2018) 609, for a centred function.

    Args:
        particles: values of the quantities.
        ancestor: number of the first particle that each descends from.
    """
    size = len(particles)
    centred = particles - particles.mean(axis=0)
    families = np.zeros((int(ancestor.max()) + 1, particles.shape[1]))
    np.add.at(families, ancestor, centred)
    strangers = 1 - np.sum(np.bincount(ancestor) ** 2) / size**2
    total, between = np.sum(centred**2, axis=0), np.sum(families**2, axis=0)
    known = total > np.finfo(float).tiny
    ess = size * total * strangers / np.where(between > 0, between, np.inf)
    return np.where(known, np.minimum(ess, size), size)


def genealogy_bulk_ess(particles: Particles, ancestor: Ancestor) -> Sizes:
    """The same for the centre of the distribution: of the normal scores.

    Args:
        particles: values of the quantities.
        ancestor: number of the first particle that each descends from.
    """
    return genealogy_ess(_normal_scores(particles[None])[0], ancestor)


def genealogy_tail_ess(particles: Particles, ancestor: Ancestor) -> Sizes:
    """The same for the tails: the smaller one of the indicators of the 5 % and the 95 % quantiles.

    Args:
        particles: values of the quantities.
        ancestor: number of the first particle that each descends from.
    """
    low, high = np.quantile(particles, [0.05, 0.95], axis=0)
    sizes = [genealogy_ess(inside.astype(float), ancestor) for inside in (particles <= low, particles <= high)]
    return np.minimum(*sizes)


def integrated_time(draws: Draws) -> Sizes:
    r"""Integrated autocorrelation time $\tau = 1 + 2\sum_t \rho_t$ in draws: 1 for independent ones.

    Args:
        draws: of one or several quantities, shape (chain, draw) or (chain, draw, quantity).
    """
    draws = np.asarray(draws, dtype=float)
    return draws.shape[0] * draws.shape[1] / effective_sample_size(draws)


@jax.jit
def weight_ess(log_weights: Float[Array, "..."]) -> Scalar:
    """Kish's effective sample size (sum w)^2 / sum w^2 of importance weights; 0 if all of them vanish.

    Args:
        log_weights: logarithms of the weights.

    Example:

        >>> print(float(weight_ess(jnp.log(jnp.array([1.0, 1.0, 2.0])))).__round__(3))
        2.667
    """
    log_weights = jnp.ravel(jnp.asarray(log_weights, dtype=float))
    total = jax.nn.logsumexp(log_weights)
    size = jnp.exp(2 * total - jax.nn.logsumexp(2 * log_weights))
    return jnp.where(jnp.isfinite(total), size, 0.0)


@jax.jit
def pareto_smooth(log_weights: Float[Array, " draw"]) -> tuple[Float[Array, " draw"], Scalar]:
    r"""Pareto-smoothed importance weights (normalised, as logarithms) and the tail index k.

    The largest $\min(0.2 S, 3\sqrt S)$ weights are replaced by the expected order statistics of a generalised Pareto
    distribution fitted to them, truncated at the largest raw weight. k < 0.5 is good, k > 0.7 says that the estimate
    rests on a few draws; infinity if fewer than five weights of the tail differ from zero, 0 for a tail of equal ones.

    Args:
        log_weights: logarithms of the raw weights.
    """
    log_weights = jnp.asarray(log_weights, dtype=float)
    log_weights = log_weights - jnp.where(jnp.isfinite(jnp.max(log_weights)), jnp.max(log_weights), 0.0)
    size = len(log_weights)
    tail = int(np.ceil(min(0.2 * size, 3 * np.sqrt(size))))
    order = jnp.argsort(log_weights)
    raw = log_weights[order[-tail:]]
    cutoff = jnp.maximum(log_weights[order[-min(tail + 1, size)]], jnp.log(jnp.finfo(float).tiny))
    inside = raw > cutoff
    count = jnp.sum(inside)
    shape, scale = fit_generalised_pareto(jnp.where(inside, jnp.exp(raw) - jnp.exp(cutoff), 0.0), count)
    probability = (jnp.cumsum(inside) - 0.5) / jnp.maximum(count, 1)
    smoothed = jnp.minimum(jnp.log(_pareto_quantile(probability, shape, scale) + jnp.exp(cutoff)), 0.0)
    fitted = (count >= MINIMAL_TAIL) & jnp.isfinite(shape)
    smooth = log_weights.at[order[-tail:]].set(jnp.where(fitted & inside, smoothed, raw))
    without = jnp.where(jnp.isfinite(raw[0]) & (raw[0] == raw[-1]), 0.0, jnp.inf)
    total = jax.nn.logsumexp(smooth)
    return smooth - jnp.where(jnp.isfinite(total), total, 0.0), jnp.where(fitted, shape, without)


def fit_generalised_pareto(excess: Float[Array, " tail"], count: Int[Array, ""]) -> tuple[Scalar, Scalar]:
    """Shape k and scale of a generalised Pareto distribution on ascending numbers, the last `count` of them positive.

    The profile posterior mean of Zhang and Stephens, Technometrics 51 (2009) 316, with the weak prior k ~ 0.5 of ten
    observations that Vehtari et al. add. The numbers before the last `count` must be zero.

    Args:
        excess: numbers in ascending order, zeros before the last `count`.
        count: how many of them are positive.
    """
    excess = jnp.asarray(excess, dtype=float)
    number = jnp.maximum(jnp.asarray(count, dtype=float), 1.0)
    grid = 30 + int(np.sqrt(len(excess)))
    quartile = excess[len(excess) - jnp.asarray(number - jnp.floor(number / 4 + 0.5) + 1, dtype=int)]
    theta = 1 - jnp.sqrt(grid / (jnp.arange(1, grid + 1) - 0.5))
    theta = theta / (3 * quartile) + 1 / excess[-1]
    profile = jnp.sum(jnp.log1p(-theta[:, None] * excess), axis=1) / number
    log_likelihood = number * (jnp.log(-theta / profile) - profile - 1)
    weight = jax.nn.softmax(log_likelihood)
    weight = jnp.where(weight >= 10 * jnp.finfo(float).eps, weight, 0.0)
    best = jnp.sum(theta * weight) / jnp.sum(weight)
    shape = jnp.sum(jnp.log1p(-best * excess)) / number
    return (number * shape + 5.0) / (number + 10.0), -shape / best


def without_rounding(draws: Draws) -> Draws:
    """The draws, of which the chains that vary by rounding alone do not vary, so that a zero is one zero.

    Args:
        draws: of one or several quantities, shape (chain, draw) or (chain, draw, quantity).
    """
    quantum = FROZEN * np.max(np.mean(np.abs(draws), axis=1, keepdims=True), axis=0, keepdims=True)
    frozen = np.ptp(draws, axis=1, keepdims=True) <= quantum
    if not np.any(frozen & (quantum > 0)):
        return draws + 0.0  # no negative zero
    unit = np.where(quantum > 0, quantum, 1.0)
    value = np.round(draws[:, :1] / unit) * unit
    return np.where(frozen & (quantum > 0), value, draws) + 0.0


def _split(draws: Draws) -> Float[np.ndarray, "half part ..."]:
    """Each chain in two halves; an odd last draw of the first half is left out as in the reference programs."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, draws.shape[1] - half :]])


def _normal_scores(draws: Draws) -> Draws:
    """Ranks over all chains as normal scores (Blom's offsets)."""
    # A third of a second to import, for which what only reads and checks need not wait.
    from scipy.stats import rankdata

    flat = draws.reshape(draws.shape[0] * draws.shape[1], -1)
    ranks = rankdata(flat, axis=0, method="average")
    return ndtri((ranks - 0.375) / (len(flat) + 0.25)).reshape(draws.shape)


def _rhat(chains: Draws) -> Sizes:
    length = chains.shape[1]
    if length < 2:
        return np.full(chains.shape[2:], np.nan)
    within = np.mean(np.where(np.ptp(chains, axis=1) > 0, np.var(chains, axis=1, ddof=1), 0.0), axis=0)
    between = np.where(np.ptp(chains, axis=(0, 1)) > 0, np.var(np.mean(chains, axis=1), axis=0, ddof=1), 0.0)
    ratio = np.divide(between, within, out=np.where(between > 0, np.inf, 0.0), where=within > 0)
    constant = (within == 0) & (between == 0)
    return np.where(constant, 1.0, np.sqrt(ratio + (length - 1) / length))


def _autocorrelation_sum(draws: Float[np.ndarray, "chain draw quantity"]) -> Float[np.ndarray, " quantity"]:
    """tau of each quantity of `(chain, draw, quantity)` draws."""
    chains, length = draws.shape[:2]
    covariance = _autocovariance(draws)
    within = np.mean(covariance[:, 0], axis=0) * length / (length - 1)
    spread = within * (length - 1) / length
    if chains > 1:
        spread = spread + np.var(np.mean(draws, axis=1), axis=0, ddof=1)
    safe = np.where(spread > 0, spread, 1.0)
    rho = 1 - (within - np.mean(covariance, axis=0)) / safe
    rho[0] = 1.0
    tau = np.array([_geyer(column) for column in rho.T])
    varies = (spread > np.finfo(float).tiny) & (np.ptp(draws, axis=(0, 1)) > 0)
    return np.where(varies, tau, 1.0)


def _autocovariance(draws: Float[np.ndarray, "chain draw quantity"]) -> Float[np.ndarray, "chain draw quantity"]:
    """Biased autocovariance along axis 1, by FFT."""
    length = draws.shape[1]
    size = next_fast_len(2 * length, real=True)
    transform = np.fft.rfft(draws - draws.mean(axis=1, keepdims=True), n=size, axis=1)
    return np.fft.irfft(np.abs(transform) ** 2, n=size, axis=1)[:, :length] / length


def _geyer(rho: Float[np.ndarray, " lag"]) -> float:
    """1 + 2 sum rho up to where a pair of neighbours turns negative, pairs forced to decrease, last odd term kept."""
    pairs = rho[: 2 * ((len(rho) - 1) // 2)].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0)
    count = int(negative[0]) if negative.size else len(pairs)
    kept = np.minimum.accumulate(pairs[:count])
    following = rho[2 * count] if 2 * count < len(rho) else 0.0
    return float(-1 + 2 * np.sum(kept) + max(following, 0.0))


def _pareto_quantile(probability: Float[Array, " tail"], shape: Scalar, scale: Scalar) -> Float[Array, " tail"]:
    straight = jnp.abs(shape) < jnp.finfo(float).eps
    curved = jnp.expm1(-shape * jnp.log1p(-probability)) / jnp.where(straight, 1.0, shape)
    return scale * jnp.where(straight, -jnp.log1p(-probability), curved)
