"""Poles of amplitudes: classifiers trained on unitary amplitudes, and the coverage of the bands of direct fits.

    python benchmarks/hadron_amplitudes.py [--one] [--four] [--many] [--coverage 200] [--ship FILE]

Without an option everything runs. Times are CPU seconds of this process. `--ship` writes the classifier of one channel,
as it is part of the package.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.stats import binom

import retrodict  # noqa: F401
from retrodict.base.constants import NEUTRON_MASS, PROTON_MASS
from retrodict.hadron.amplitudes.analysis import LineShape, PhaseShifts
from retrodict.hadron.amplitudes.classifier import Classifier, accuracy, calibration_error, train
from retrodict.hadron.amplitudes.counting import CLASSES, NAMES, SEEN, counted, omega_of, random_poles, s11, unitary
from retrodict.hadron.amplitudes.ensembles import (
    GRID,
    ONE_CHANNEL,
    TWO_CHANNELS,
    Bins,
    one_channel,
    one_channel_features,
    one_channel_poles,
    s_of_jost,
    two_channels,
)
from retrodict.hadron.amplitudes.mock import yamaguchi
from retrodict.hadron.amplitudes.models import EffectiveRange, ScatteringLength
from retrodict.hadron.amplitudes.sheets import TwoChannels
from retrodict.inference.closure import close
from retrodict.inference.smc import SequentialMonteCarlo

NUCLEONS, PAIRS = (PROTON_MASS, NEUTRON_MASS), ((3096.9, 938.27), (2453.97, 1864.84))
LARGEST = 306.4  # MeV, momentum of two nucleons at 100 MeV
# Stoks, Klomp, Rentmeester, de Swart, PRC 48 (1993) 792: np, deg
ENERGY = np.array([0.5, 1, 2, 5, 10, 20, 25, 50, 75, 100])  # MeV
PHASES = {
    "3S1": [147.7475, 136.4634, 122.9224, 102.6114, 86.1248, 68.6680, 62.7667, 43.2275, 30.7201, 21.2159],
    "1S0": [62.0686, 64.4648, 64.2504, 59.9564, 53.5718, 44.2333, 40.5445, 26.7834, 16.9392, 8.9427],
}


def spent(start: float) -> str:
    return f"{time.process_time() - start:.0f} CPU s"


def one(ship: Path | None) -> None:
    """Bound, virtual or resonance from |f|^2 at 40 momenta."""
    zeros, decay, _ = one_channel_poles(np.random.default_rng(1), 2000)
    print(f"one channel: largest ||S| - 1| {np.abs(np.abs(s_of_jost(GRID, zeros, decay)) - 1).max():.1e}")
    start = time.process_time()
    examples = one_channel(np.random.default_rng(0), 240_000)
    made = spent(start)
    start = time.process_time()
    found = train(examples, ONE_CHANNEL, steps=10_000, momenta=GRID)
    print(f"  {len(examples.labels)} examples in {made}, trained in {spent(start)}")
    fresh = one_channel(np.random.default_rng(9), 20_000)
    probability, two = found.probabilities(fresh.features), fresh.labels < 2
    print(f"  held out: bound / virtual {accuracy(probability[two], fresh.labels[two]):.4f} (asked .995)", end=", ")
    print(f"all three {accuracy(probability, fresh.labels):.4f}", end=", ")
    print(f"calibration error {calibration_error(probability, fresh.labels):.4f} (asked .02)")
    rng = np.random.default_rng(2)
    for beta in range(200, 1101, 100):
        k, right = GRID * LARGEST, []
        for sign in (1, -1):
            kappa = sign * rng.uniform(1, 200, (500, 1))
            features = one_channel_features(k, 1 / (yamaguchi(k, beta, kappa) ** 2 + k**2))
            right.append(np.mean(found.probabilities(features).argmax(axis=1) == (0 if sign > 0 else 1)))
        print(f"  Yamaguchi, cut-off {beta} MeV: bound {right[0]:.3f}, virtual {right[1]:.3f}")
    for channel, delta in PHASES.items():
        k = np.sqrt(2 * NUCLEONS[0] * NUCLEONS[1] / sum(NUCLEONS) * ENERGY)
        at = GRID * k[-1]
        cot = CubicSpline(k**2, k / np.tan(np.deg2rad(delta)))(at**2)
        features = one_channel_features(at, 1 / (cot**2 + at**2))[None]
        shares = zip(ONE_CHANNEL, found.probabilities(features)[0], strict=True)
        print(f"  PWA93 {channel}: " + ", ".join(f"{name} {p:.6f}" for name, p in shares))
    if ship:
        write(found, ship)


def write(found: Classifier, path: Path) -> None:
    """The arrays of a classifier; matrices and offsets in single precision."""
    single = {name: name.startswith(("o", "m")) and name not in ("mean", "momenta") for name in found.arrays()}
    np.savez_compressed(path, **{n: a.astype(np.float32 if single[n] else float) for n, a in found.arrays().items()})


def four() -> None:
    """The set-up of the P_c(4312): 65 bins of 2 MeV, resolution 2.7 MeV."""
    channels, edges = TwoChannels(*PAIRS), np.arange(4250.0, 4380.1, 2.0)
    bins = Bins(edges[:-1], edges[1:], 2.7)
    start = time.process_time()
    examples = two_channels(np.random.default_rng(0), 500_000, channels, bins)
    print(f"four classes: {np.bincount(examples.labels)} examples in {spent(start)}", end=", ")
    start = time.process_time()
    found = train(examples, TWO_CHANNELS, steps=10_000, noise=0.03, width=128)
    print(f"trained in {spent(start)}")
    fresh = two_channels(np.random.default_rng(9), 60_000, channels, bins)
    for noise in (0.0, 0.02, 0.06):
        features = fresh.features * (1 + noise * np.random.default_rng(1).standard_normal(fresh.features.shape))
        p = found.probabilities(features)
        kept = accuracy(p, fresh.labels, rejected=0.2)
        print(f"  noise {noise:.0%}: {accuracy(p, fresh.labels):.4f}, of the surest 80 % {kept:.4f}", end=", ")
        print(f"calibration error {calibration_error(p, fresh.labels):.4f}, inside {found.inside(features).mean():.3f}")


def many() -> None:
    """35 classes: numbers of poles on each sheet."""
    poles = random_poles(np.random.default_rng(0), np.repeat(np.arange(len(CLASSES)), 200))
    good = unitary(poles)
    s = s11(poles, omega_of(SEEN))[good]
    print(
        f"35 classes: {good.mean():.2f} of the trials are unitary; largest |S11| of these {np.abs(s).max():.12f}",
        end=", ",
    )
    print(f"||S11| - 1| below the threshold {np.abs(np.abs(s[:, SEEN < 0]) - 1).max():.1e}")
    start = time.process_time()
    examples = counted(np.random.default_rng(0), 7000)
    print(f"  {len(examples.labels)} examples in {spent(start)}", end=", ")
    start = time.process_time()
    found = train(examples, NAMES, steps=9000, width=160)
    print(f"trained in {spent(start)}")
    fresh = counted(np.random.default_rng(5), 200)
    p = found.probabilities(fresh.features)
    kept = accuracy(p, fresh.labels, rejected=0.2)
    print(f"  {accuracy(p, fresh.labels):.3f} (asked .85), of the surest 80 % {kept:.3f} (asked .95)", end=", ")
    print(f"calibration error {calibration_error(p, fresh.labels):.4f}")


def coverage(sets: int) -> None:
    """Truths from the prior, mock data, and how often the 68 % bands hold them."""
    prior = EffectiveRange(0.0, 0.3, 1.7, 0.3)
    targets = {
        "phase shifts": PhaseShifts(NUCLEONS, prior).posterior(None),
        "line shape": LineShape(PAIRS, ScatteringLength(), resolution=2.7).posterior(None),
    }
    for name, target in targets.items():
        start = time.process_time()
        method = SequentialMonteCarlo(particles=300, steps=25)
        closures = close(target, method, seed=1, indices=range(sets), draws=300, batch=10)
        for quantity in ("pole_real", "pole_imaginary", "pole_momentum_imaginary", "bound"):
            u = np.asarray(closures.pit[quantity])[np.asarray(closures.valid)]
            inside = int(np.sum(np.abs(u - 0.5) < 0.34))
            low, high = binom.interval(0.95, len(u), 0.68)
            print(
                f"coverage, {name}: {quantity} {inside}/{len(u)} = {inside / len(u):.3f} (95 %: {low:.0f}, {high:.0f})"
            )
        print(f"  {spent(start)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("one", "four", "many"):
        parser.add_argument(f"--{option}", action="store_true")
    parser.add_argument("--coverage", type=int, default=0)
    parser.add_argument("--ship", type=Path)
    given = parser.parse_args()
    everything = not (given.one or given.four or given.many or given.coverage)
    if given.one or everything:
        one(given.ship)
    if given.four or everything:
        four()
    if given.many or everything:
        many()
    if given.coverage or everything:
        coverage(given.coverage or 200)
