r"""Random amplitudes with known poles, each exactly unitary: what classifiers are trained on.

One channel: Jost functions $F(k) = \prod_j (k - i\gamma_j)/(k + i\beta_j)$, $\beta_j > 0$, so that $S = F(-k)/F(k)$
has modulus one for every real k and the zeros of F, chosen at random, are the poles (Bargmann, Rev. Mod. Phys. 21
(1949) 488); Yamaguchi's potential is one of them. |f|^2 alone does not know the sign of k cot(delta), so that bound and
virtual differ by the effective range only: it is positive in the training set, as for attraction without a barrier. Two
channels: the scattering-length amplitude, whose poles are the roots of a quartic in omega (see `sheets`).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from retrodict.hadron.amplitudes.binning import bin_operator
from retrodict.hadron.amplitudes.sheets import TwoChannels

LEAST = 0.075  # of the largest momentum: where the grid of one channel begins
GRID = np.linspace(LEAST, 1.0, 40)  # momenta of one channel, in units of the largest
RISING = 8  # points of the grid at which k cot(delta) rises: a positive effective range
ONE_CHANNEL = ("bound", "virtual", "resonance")
TWO_CHANNELS = ("bound, sheet 2", "bound, sheet 4", "virtual, sheet 2", "virtual, sheet 4")
SMALL = 0.02  # |k cot(delta)|, in units of the largest momentum, below which features are linear in it
NEAR = 60.0  # MeV from the upper threshold: where the poles of the two-channel ensemble are

Features = Float[np.ndarray, "examples features"]
Labels = Int[np.ndarray, " examples"]


class Examples(NamedTuple):
    """Amplitudes as a classifier sees them, with the class of each."""

    features: Features
    labels: Labels


def jost(
    k: Float[np.ndarray, " points"], zeros: np.ndarray, decay: Float[np.ndarray, "examples factors"]
) -> np.ndarray:
    """F(k) of each example.

    Args:
        k: real momenta, shape (points,).
        zeros: of F, complex, shape (examples, factors); infinite ones leave their factor out.
        decay: beta_j > 0, same shape.
    """
    safe = np.where(np.isfinite(zeros), zeros, 0.0)
    factors = np.where(np.isfinite(zeros)[..., None], k - safe[..., None], 1.0) / (k + 1j * decay[..., None])
    return np.prod(factors, axis=1)


def one_channel_poles(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, Labels]:
    """Zeros and decay constants of Jost functions, in units of the largest momentum, and their classes.

    The pole nearest to threshold lies within 0.7 of it (0.66 is 200 MeV for nucleons up to 100 MeV); up to three
    factors make a background of ranges that are as long as 1/0.6.

    Args:
        rng: random numbers.
        count: number of examples.
    """
    labels = rng.integers(0, len(ONE_CHANNEL), count)
    near = rng.uniform(0.003, 0.7, count)
    zeros, decay = np.full((count, 5), np.inf + 0j), 1 / rng.uniform(0.05, 1 / 0.6, (count, 5))
    zeros[:, 0] = 1j * np.where(labels == 0, near, -near)
    far = -1j / rng.uniform(0.0, 1 / 0.75, (count, 3))
    used = rng.integers(1, 4, count)[:, None] > np.arange(3)
    yamaguchi = rng.uniform(size=count) < 0.25
    zeros[:, 2:] = np.where(used, far, np.inf)
    decay[:, 2:] = np.where(used, decay[:, 2:], np.inf)
    zeros[yamaguchi, 2] = -1j * (2 * decay[yamaguchi, 0] + np.imag(zeros[yamaguchi, 0]))
    decay[yamaguchi, 2], decay[yamaguchi, 3:], zeros[yamaguchi, 3:] = decay[yamaguchi, 0], np.inf, np.inf
    resonant = labels == 2
    place, depth = rng.uniform(0.15, 0.95, count), rng.uniform(0.02, 0.5, count)
    pair = place - 1j * np.minimum(depth, 0.8 * place)
    zeros[resonant, 0], zeros[resonant, 1] = pair[resonant], -np.conj(pair[resonant])
    decay[~resonant, 1] = np.inf
    return zeros, decay, labels


def one_channel_features(k: Float[np.ndarray, " points"], square: Float[np.ndarray, "*examples points"]) -> np.ndarray:
    """What the classifier of one channel sees of |f|^2: asinh of |k cot(delta)| in units of the largest momentum.

    Args:
        k: momenta, the largest one last.
        square: |f|^2 in the inverse unit, squared.
    """
    cot = np.sqrt(np.maximum(1 / square - k**2, 0.0)) / k[-1]
    return np.arcsinh(cot / SMALL)


def one_channel(rng: np.random.Generator, count: int) -> Examples:
    """Examples of one channel.

    Args:
        rng: random numbers.
        count: number of examples.
    """
    zeros, decay, labels = one_channel_poles(rng, count)
    with np.errstate(invalid="ignore"):
        s = s_of_jost(GRID, zeros, decay)
    square = np.abs((s - 1) / (2j * GRID)) ** 2
    cot = (1j * GRID * (s + 1) / (s - 1)).real
    rising = np.all(np.diff(cot[:, :RISING], axis=1) > 0, axis=1) | (labels == ONE_CHANNEL.index("resonance"))
    keep = np.all(square > 1e-12, axis=1) & rising
    return Examples(one_channel_features(GRID, square[keep]), labels[keep])


def s_of_jost(k: Float[np.ndarray, " points"], zeros: np.ndarray, decay: np.ndarray) -> np.ndarray:
    """S = F(-k)/F(k), of modulus one.

    Args:
        k: real momenta.
        zeros: as for `jost`.
        decay: as for `jost`; infinite ones leave their factor out.
    """
    finite = np.isfinite(decay)
    gone = ~finite & ~np.isfinite(zeros)
    safe = np.where(finite, decay, 1.0)
    zero = np.where(gone, -1j * safe, zeros)  # a factor that is one
    return jost(-k, zero, safe) / jost(k, zero, safe)


def two_channel_parameters(rng: np.random.Generator, count: int, channels: TwoChannels) -> tuple[np.ndarray, Labels]:
    """m11, m22 and m12 [MeV] of scattering-length amplitudes with a pole near the upper threshold, and their classes.

    Args:
        rng: random numbers.
        count: number of examples that are tried; those with a far pole are left out.
        channels: masses and thresholds.
    """
    m = np.stack([rng.uniform(-800, 800, count), rng.uniform(-400, 400, count), rng.uniform(20, 400, count)], axis=1)
    omega = quartic_roots(m, channels)
    sheet = np.where(np.imag(omega) >= 0, np.where(np.abs(omega) >= 1, 1, 2), np.where(np.abs(omega) >= 1, 3, 4))
    distance = np.where((np.real(omega) > 0) & ((sheet == 2) | (sheet == 4)), np.abs(omega - 1), np.inf)
    index = np.argmin(distance, axis=1)[:, None]
    pole, where = np.take_along_axis(omega, index, 1)[:, 0], np.take_along_axis(sheet, index, 1)[:, 0]
    energy = 0.25 * channels.gap * (pole - 1 / pole) ** 2
    keep = np.isfinite(distance.min(axis=1)) & (np.abs(energy) < NEAR)
    labels = 2 * (m[:, 1] > 0) + (where == 4)  # m22 = -1/a of the upper channel alone
    return m[keep], labels[keep]


def quartic_roots(m: Float[np.ndarray, "examples 3"], channels: TwoChannels) -> np.ndarray:
    """All poles in omega of scattering-length amplitudes, shape (examples, 4).

    Args:
        m: m11, m22, m12 [MeV].
        channels: masses and thresholds.
    """
    c1, c2 = (np.sqrt(2 * mu * channels.gap) / 2 for mu in channels.reduced_masses)
    m11, m22, m12 = m.T
    one = np.ones(len(m), complex)
    middle = m11 * m22 - m12**2
    # omega^2 D, D = (m11 - i c1 (w + 1/w)) (m22 - i c2 (w - 1/w)) - m12^2
    powers = np.stack(
        [-c1 * c2 * one, -1j * (c2 * m11 + c1 * m22), middle, 1j * (c2 * m11 - c1 * m22), c1 * c2 * one], 1
    )
    companion = np.zeros((len(m), 4, 4), complex)
    companion[:, 0] = -powers[:, 1:] / powers[:, :1]
    companion[:, [1, 2, 3], [0, 1, 2]] = 1.0
    return np.linalg.eigvals(companion)


def two_channel_intensity(m: Float[np.ndarray, "examples 3"], energy: np.ndarray, channels: TwoChannels) -> np.ndarray:
    """k1 |T11|^2, shape (examples, energies).

    Args:
        m: m11, m22, m12 [MeV].
        energy: total [MeV].
        channels: masses and thresholds.
    """
    mu1, mu2 = channels.reduced_masses
    k1 = np.sqrt(2 * mu1 * np.maximum(energy - sum(channels.lower), 0.0))
    k2 = np.sqrt(2 * mu2 * (energy - channels.threshold + 0j))
    m11, m22, m12 = (column[:, None] for column in m.T)
    second = m22 - 1j * k2
    return k1 * np.abs(second / ((m11 - 1j * k1) * second - m12**2)) ** 2


class Bins(NamedTuple):
    """The bins of a spectrum and its resolution, all in MeV."""

    low: Float[np.ndarray, " bins"]
    high: Float[np.ndarray, " bins"]
    resolution: float


def two_channels(
    rng: np.random.Generator,
    count: int,
    channels: TwoChannels,
    bins: Bins,
    *,
    shares: tuple[float, float] = (0.25, 0.9),
) -> Examples:
    """Spectra over a linear background, smeared and binned, normalised to their mean.

    Args:
        rng: random numbers.
        count: number of examples that are tried.
        channels: masses and thresholds.
        bins: of the data.
        shares: least and largest share of the signal.
    """
    m, labels = two_channel_parameters(rng, count, channels)
    nodes, operator = bin_operator(bins.low, bins.high, bins.resolution, (channels.threshold,))
    signal = two_channel_intensity(m, nodes, channels) @ operator.T
    x = np.linspace(-1.0, 1.0, len(bins.low))
    background = 1 + rng.uniform(-0.6, 0.6, (len(m), 1)) * x
    share = rng.uniform(*shares, (len(m), 1))
    return Examples(share * signal / signal.mean(axis=1, keepdims=True) + (1 - share) * background, labels)
