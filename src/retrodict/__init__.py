"""Retrodict: from noisy effects back to the cause, with honest uncertainty.

Importing this package has three side effects, on purpose. JAX computes in float64 from then on: inverse problems
amplify rounding errors as readily as noise, and float32 does not survive a Gauss-Newton step on an ill-posed one.
XLA's thread pool for single matrix products stays off on a CPU, unless XLA_FLAGS says otherwise: programs that map over
batches of small factorisations were seen to wait for it for ever, and gain nothing from it. And on a machine of few
cores XLA's pool has eight threads, unless NPROC says otherwise: a batch of factorisations or eigenvalues waits in one
of them for the others, and two such batches at a time, one of the run and one of the prior beside it, held a pool of
two for ever.

Names are imported on first use, so that `retrodict --help` does not wait for JAX.
"""

import os
import sys
from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)
else:
    os.environ["JAX_ENABLE_X64"] = "true"

_THREADS = "xla_cpu_multi_thread_eigen"
if _THREADS not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --{_THREADS}=false".strip()

_POOL = 8  # threads, more than the programs that run at a time
if (os.cpu_count() or 1) < _POOL:
    os.environ.setdefault("NPROC", str(_POOL))

__version__ = "0.2.0"

if TYPE_CHECKING:
    from retrodict import generate as generate
    from retrodict import hadron as hadron
    from retrodict import lattice as lattice
    from retrodict import neutron_star as neutron_star
    from retrodict import spectral as spectral
    from retrodict.base.errors import InputError as InputError
    from retrodict.base.errors import RetrodictError as RetrodictError
    from retrodict.base.figure import Figure as Figure
    from retrodict.cli.config.load import load_config as load_config
    from retrodict.inference.constrained_hmc import ConstrainedHMC as ConstrainedHMC
    from retrodict.inference.ensemble import Ensemble as Ensemble
    from retrodict.inference.importance import Importance as Importance
    from retrodict.inference.infer import infer as infer
    from retrodict.inference.laplace import Laplace as Laplace
    from retrodict.inference.map import MAP as MAP
    from retrodict.inference.nuts import NUTS as NUTS
    from retrodict.inference.smc import SequentialMonteCarlo as SequentialMonteCarlo
    from retrodict.inference.train import Train as Train
    from retrodict.inference.validate import validate as validate
    from retrodict.num.autocorrelation import gamma_method as gamma_method
    from retrodict.num.autocorrelation import replica_agreement as replica_agreement
    from retrodict.problem.ansatz import AbstractAnsatz as AbstractAnsatz
    from retrodict.problem.covariance import Covariance as Covariance
    from retrodict.problem.forward import AbstractForward as AbstractForward
    from retrodict.problem.forward import LinearForward as LinearForward
    from retrodict.problem.labelled import Labelled as Labelled
    from retrodict.problem.likelihood import AbstractLikelihood as AbstractLikelihood
    from retrodict.problem.likelihood import Gaussian as Gaussian
    from retrodict.problem.likelihood import Independent as Independent
    from retrodict.problem.non_gaussian import Poisson as Poisson
    from retrodict.problem.non_gaussian import StudentT as StudentT
    from retrodict.problem.nuisance import Nuisance as Nuisance
    from retrodict.problem.posterior import Posterior as Posterior
    from retrodict.problem.prior import LogNormal as LogNormal
    from retrodict.problem.prior import Normal as Normal
    from retrodict.problem.prior import StandardNormal as StandardNormal
    from retrodict.problem.prior import Uniform as Uniform
    from retrodict.problem.target import AbstractLeastSquares as AbstractLeastSquares
    from retrodict.problem.target import AbstractTarget as AbstractTarget
    from retrodict.problem.target import Quantity as Quantity
    from retrodict.run.method import Draws as Draws
    from retrodict.run.method import Method as Method
    from retrodict.run.result import Result as Result
    from retrodict.run.result import load as load
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
