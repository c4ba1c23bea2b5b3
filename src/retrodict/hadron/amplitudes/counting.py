r"""Two-channel amplitudes with given numbers of poles on each sheet: 35 classes of up to four poles.

With the uniformising variable of `sheets`, $D(\omega) = \prod_j (\omega - \omega_j)(\omega + \omega_j^*)/\omega$ over
chosen poles gives $S_{11} = D(-1/\omega)/D(\omega)$ and $\det S = D(-\omega)/D(\omega)$ (Le Couteur, Newton). Between
the thresholds |S11| = 1 whatever the poles; above both, S is unitary where |S11| <= 1, with $S_{12}^2 = S_{11} S_{22} -
\det S$. Examples that break this at any energy are left out, not kept as in Phys. Rev. D 104 (2021) 036001. Each pole
comes with a regulator below the lower threshold on the imaginary axis, as there, so that S is bounded at infinity.

Energies are counted from the upper threshold in units of the gap between the thresholds.
"""

from itertools import product
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from retrodict.hadron.amplitudes.ensembles import Examples

MOST: Final = 4  # poles
CLASSES: Final = tuple(n for n in product(range(MOST + 1), repeat=3) if sum(n) <= MOST)  # on sheets 2, 3 and 4
NAMES: Final = tuple(f"{a}, {b}, {c}" for a, b, c in CLASSES)
PLACES: Final = ((-0.85, 0.1), (-0.5, 1.3), (-0.3, 0.3))  # Re E of poles on sheets 2, 3 and 4
DEPTHS: Final = ((0.02, 0.2), (0.02, 0.5), (0.02, 0.2))  # -Im E
REGULATOR: Final = (0.02, 1.0)  # of 1/|omega| of its pole
SEEN: Final = np.concatenate([np.linspace(-0.97, -0.02, 40), np.linspace(0.02, 1.5, 60)])  # energies of the examples
ABOVE: Final = np.concatenate([np.linspace(1e-4, 1.6, 60), np.geomspace(1.7, 1e3, 15)])  # where unitarity is checked
UNITARY: Final = 1e-12


class Poles(NamedTuple):
    """Poles in omega, NaN where an example has fewer, their regulators, and the class of each example."""

    place: np.ndarray  # complex, shape (examples, MOST)
    regulator: Float[np.ndarray, "examples poles"]
    labels: Int[np.ndarray, " examples"]


def random_poles(rng: np.random.Generator, labels: Int[np.ndarray, " examples"]) -> Poles:
    """Poles of examples of given classes; not every one is unitary.

    Args:
        rng: random numbers.
        labels: numbers of `CLASSES`.
    """
    counts = np.array(CLASSES)[labels]
    number = np.arange(MOST)
    sheet = 2 + (number >= counts[:, :1]) + (number >= counts[:, :2].sum(axis=1, keepdims=True))
    low, high = (np.array(PLACES)[sheet - 2, i] for i in (0, 1))
    least, most = (np.log(np.array(DEPTHS))[sheet - 2, i] for i in (0, 1))
    energy = rng.uniform(low, high) - 1j * np.exp(rng.uniform(least, most))
    q1, q2 = np.sqrt(energy + 1), np.sqrt(energy)  # of positive real part, hence Im < 0
    q1 = np.where(sheet == 4, -q1, q1)
    q2 = np.where(sheet == 2, -q2, q2)
    place = np.where(number < counts.sum(axis=1, keepdims=True), q1 + q2, np.nan)
    return Poles(
        place, np.exp(rng.uniform(np.log(REGULATOR[0]), np.log(REGULATOR[1]), sheet.shape)) / np.abs(place), labels
    )


def omega_of(energy: Float[np.ndarray, " energies"]) -> np.ndarray:
    """omega on the upper rim of the cuts.

    Args:
        energy: in units of the gap, from the upper threshold.
    """
    return np.sqrt(energy + 1 + 0j) + np.sqrt(energy + 0j)


def s11(poles: Poles, omega: np.ndarray) -> np.ndarray:
    """S11, shape (examples, energies).

    Args:
        poles: of each example.
        omega: points, shape (energies,).
    """
    return _jost(poles, -1 / omega) / _jost(poles, omega)


def _jost(poles: Poles, omega: np.ndarray) -> np.ndarray:
    value = np.ones((len(poles.labels), len(omega)), complex)
    for place, regulator in zip(poles.place.T, poles.regulator.T, strict=True):
        there, w, rho = np.isfinite(place)[:, None], place[:, None], regulator[:, None]
        value *= np.where(there, (omega - w) * (omega + np.conj(w)) * ((omega + 1j * rho) / omega) ** 2, 1.0)
    return value


def unitary(poles: Poles) -> np.ndarray:
    """Which examples are unitary above both thresholds: |S11| <= 1 on a grid up to a thousand gaps.

    Args:
        poles: of each example.
    """
    return np.all(np.abs(s11(poles, omega_of(ABOVE))) <= 1 + UNITARY, axis=1)


def counted(rng: np.random.Generator, each: int) -> Examples:
    """Unitary examples, equally many of each class.

    Args:
        rng: random numbers.
        each: number of examples of a class.
    """
    kept: list[Poles] = []
    missing = np.full(len(CLASSES), each)
    while missing.sum() > 0:
        labels = np.repeat(np.arange(len(CLASSES)), np.minimum(4 * missing, 2000))
        tried = random_poles(rng, labels)
        good = np.flatnonzero(unitary(tried))
        order = np.concatenate([good[labels[good] == n][: missing[n]] for n in range(len(CLASSES))])
        kept.append(Poles(*(part[order] for part in tried)))
        missing -= np.bincount(labels[order], minlength=len(CLASSES))
    poles = Poles(*(np.concatenate(parts) for parts in zip(*kept, strict=True)))
    order = rng.permutation(len(poles.labels))
    shuffled = Poles(*(part[order] for part in poles))
    return Examples(features_of(s11(shuffled, omega_of(SEEN))), shuffled.labels)


def features_of(s: np.ndarray) -> Float[np.ndarray, "examples features"]:
    """The slope of the phase of S11, and the logarithm of its modulus above the upper threshold: sums over poles.

    Args:
        s: S11 at the energies `SEEN`, shape (examples, energies).
    """
    slope = np.angle(s[:, 1:] / s[:, :-1]) / np.diff(SEEN)
    modulus = np.log(np.maximum(np.abs(s[:, SEEN > 0]), 1e-6))
    return np.concatenate([np.arcsinh(slope), np.arcsinh(3 * modulus)], axis=1)
