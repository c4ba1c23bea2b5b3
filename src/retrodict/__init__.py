"""Retrodict: from noisy effects back to the cause, with honest uncertainty.

Importing this package has two side effects, on purpose. JAX computes in float64 from then on: inverse problems amplify
rounding errors as readily as noise, and float32 does not survive a Gauss-Newton step on an ill-posed one. And XLA's
thread pool for single matrix products stays off on a CPU, unless XLA_FLAGS says otherwise: programs that map over
batches of small factorisations were seen to wait for it for ever, and gain nothing from it.

Names are imported on first use, so that `retrodict --help` does not wait for JAX.
"""

import importlib
import os
import sys
from typing import Any

if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)
else:
    os.environ["JAX_ENABLE_X64"] = "true"

_THREADS = "xla_cpu_multi_thread_eigen"
if _THREADS not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --{_THREADS}=false".strip()

__version__ = "0.1.0"

_HOME = {
    "AbstractAnsatz": "problem.ansatz",
    "AbstractForward": "problem.forward",
    "AbstractLeastSquares": "problem.target",
    "AbstractLikelihood": "problem.likelihood",
    "AbstractTarget": "problem.target",
    "Covariance": "problem.covariance",
    "Gaussian": "problem.likelihood",
    "Independent": "problem.likelihood",
    "LinearForward": "problem.forward",
    "LogNormal": "problem.prior",
    "Normal": "problem.prior",
    "Nuisance": "problem.nuisance",
    "Poisson": "problem.non_gaussian",
    "Posterior": "problem.posterior",
    "Quantity": "problem.target",
    "StandardNormal": "problem.prior",
    "StudentT": "problem.non_gaussian",
    "Uniform": "problem.prior",
    "Ensemble": "inference.ensemble",
    "Importance": "inference.importance",
    "Laplace": "inference.laplace",
    "MAP": "inference.map",
    "ConstrainedHMC": "inference.constrained_hmc",
    "Labelled": "problem.labelled",
    "NUTS": "inference.nuts",
    "SequentialMonteCarlo": "inference.smc",
    "Train": "inference.train",
    "infer": "inference.infer",
    "validate": "inference.validate",
    "Result": "run.result",
    "RetrodictError": "base.errors",
    "InputError": "base.errors",
    "load": "cli.config",
}
_ROOMS = ("lattice", "neutron_star", "spectral")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"retrodict.{name}")
    if name in _HOME:
        return getattr(importlib.import_module(f"retrodict.{_HOME[name]}"), name)
    raise AttributeError(f"module 'retrodict' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(["__version__", *_HOME, *_ROOMS])
