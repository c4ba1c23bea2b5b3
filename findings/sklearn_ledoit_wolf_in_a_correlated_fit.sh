#!/usr/bin/env bash
# scikit-learn 1.6.1: in a fit to twenty samples, LedoitWolf and OAS covariances give a fifth of the true error.
#
# What lattice analyses do when there are fewer samples than points: the sample correlations are shrunk, by the weight that
# the estimator chooses, and used in a correlated fit. Here a field on 400 sites has homogeneous Gaussian noise of a red
# spectrum and a known signal; the amplitude of the signal is fitted to the mean of 20 samples, 200 times. The error that
# the fit claims, (f^T C^-1 f)^-1/2, is compared with the scatter of its answers. Both estimators minimise the error of the
# matrix, not of its inverse: the fit finds the smooth directions in which these 20 samples happened not to fluctuate. The
# answers themselves scatter more than those of a fit that leaves all correlations out.
#
# Guessed before running: a well-conditioned covariance, errors too large if anything, answers at least as good as without
# correlations.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip --quiet --disable-pip-version-check install \
  scikit-learn==1.6.1 numpy==2.2.6 scipy==1.15.3 2>"$place/log" || { cat "$place/log"; exit 1; }
cat >"$place/try.py" <<'PYTHON'
from importlib.metadata import version

import numpy as np
from sklearn.covariance import OAS, LedoitWolf

SITES, SAMPLES, FITS = 400, 20, 200
print("scikit-learn", version("scikit-learn"))
wave_number = np.arange(SITES // 2 + 1)
power = 1e-3 + 1 / (1 + (wave_number / 4.0) ** 2)
site = np.arange(SITES)
signal = np.exp(-((np.minimum(site, SITES - site) / 20.0) ** 2))
rng = np.random.default_rng(0)


def samples():
    white = np.fft.rfft(rng.normal(size=(SAMPLES, SITES)), axis=1)
    return signal + np.fft.irfft(np.sqrt(power) * white, SITES, axis=1)


def fit(inverse_times_signal, mean):
    weight = signal @ inverse_times_signal
    return inverse_times_signal @ mean / weight, weight**-0.5


covariance = np.fft.irfft(power, SITES)
exact = covariance[(site[:, None] - site) % SITES] / SAMPLES
best = fit(np.linalg.solve(exact, signal), signal)[1]
apart = [fit(SAMPLES * signal / one.var(axis=0, ddof=1), one.mean(axis=0))[0] for one in (samples() for _ in range(FITS))]
print(f"exact covariance: error {best:.4f}; without correlations the answers scatter by {np.std(apart):.4f}")
for estimator in (LedoitWolf, OAS):
    answers, claimed = [], []
    for _ in range(FITS):
        drawn = samples()
        spread = drawn.std(axis=0, ddof=1)
        standard = (drawn - drawn.mean(axis=0)) / spread
        shrunk = estimator(assume_centered=True).fit(standard).covariance_ * np.outer(spread, spread) / SAMPLES
        answer, error = fit(np.linalg.solve(shrunk, signal), drawn.mean(axis=0))
        answers.append(answer)
        claimed.append(error)
    scatter, error = np.std(answers), np.mean(claimed)
    print(f"{estimator.__name__:10}: claimed {error:.4f}, scatter {scatter:.4f}, ratio {scatter / error:.1f}")
    assert scatter > 3 * error, "the claimed error is honest now"
    assert scatter > np.std(apart)
PYTHON
"$place/venv/bin/python" "$place/try.py"
