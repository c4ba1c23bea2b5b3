#!/usr/bin/env bash
# pyerrors 2.17.0: two replica of one ensemble whose means lie 450 standard errors apart get the error of two that agree.
#
# The Gamma method of Wolff (Comput. Phys. Commun. 156 (2004) 143) takes deviations from the mean over all
# replica: replica that disagree then look like an endless autocorrelation, the error grows to the size of their
# difference, and a goodness of fit Q of the replica means says so. pyerrors takes each replicum's deviations from its own
# mean, has no Q, and does not warn: chains stuck in different sectors are averaged with the error of one sector.
# (The replicum means are kept, as `r_values`, for whoever looks.)
#
# Guessed before running: an error of about the difference of the replica, or a warning.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip --quiet --disable-pip-version-check install \
  pyerrors==2.17.0 numpy==2.4.6 scipy==1.17.1 autograd==1.9.1 2>"$place/log" || { cat "$place/log"; exit 1; }
cat >"$place/try.py" <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the import
    import pyerrors as pe

rng = np.random.default_rng(1)
one, other = rng.normal(size=(2, 2000))
print("pyerrors", version("pyerrors"))
errors = {}
for shift in (0.0, 10.0):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        mean = pe.Obs([one, other + shift], ["ensemble|r1", "ensemble|r2"])
        mean.gamma_method()
    errors[shift] = mean.dvalue
    tau = mean.e_tauint["ensemble"]
    print(f"second replicum + {shift:4}: {mean.value:.4f} +- {mean.dvalue:.4f}, tau_int {tau:.2f}, {len(said)} warnings")
    assert not said, "it warns now"

# Wolff's estimator at window 0, deviations from the mean over both replica:
both = np.concatenate([one, other + 10.0])
print(f"by deviations from the mean of both, already without any autocorrelation: +- {np.std(both) / np.sqrt(4000):.4f}")
assert abs(errors[10.0] / errors[0.0] - 1) < 0.05, "the error now knows of the disagreement"
PYTHON
"$place/venv/bin/python" "$place/try.py"
