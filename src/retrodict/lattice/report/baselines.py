"""Other samplers of the same action, each for a few seconds: their estimates, and the cost of an independent sample."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.random as jr
import numpy as np
from jaxtyping import PyTree, Shaped

from retrodict.base.types import JSON
from retrodict.inference.estimates import estimate
from retrodict.inference.evaluate import evaluate, rows
from retrodict.lattice.core.action import AbstractAction, Baseline
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.samplers.independent import Independent
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.methods import HMC, MALA, Cluster, HeatBath
from retrodict.lattice.samplers.smc import LatticeSMC
from retrodict.problem.target import Estimated
from retrodict.run.compiled import Chunk, Compiled
from retrodict.run.diagnostic import Diagnostic
from retrodict.run.method import Draws, Method

CHAINS: Final = 16
PARTICLES: Final = 1000
MOVES: Final = 10  # of the particles after each stage
WARMUP: Final = 100
MOST_DRAWS: Final = 2000
FEWEST_DRAWS: Final = 20  # of a chain, or batches of independent draws
CAPACITY: Final = 256  # steps of a chunk

Sampler = HMC | MALA | Cluster | HeatBath | LatticeSMC | Independent

SAMPLERS: Final[Mapping[Baseline, Sampler]] = {
    "HMC": HMC(CHAINS, WARMUP, MOST_DRAWS),
    "HMC and winding": HMC(CHAINS, WARMUP, MOST_DRAWS, winding=True),
    "Metropolis-adjusted Langevin": MALA(CHAINS, WARMUP, MOST_DRAWS),
    "clusters": Cluster(CHAINS, WARMUP, MOST_DRAWS),
    "clusters and HMC": Cluster(CHAINS, WARMUP, MOST_DRAWS, trajectory=True),
    "heat bath": HeatBath(CHAINS, WARMUP, MOST_DRAWS),
    "shared flux": Independent(SharedFlux()),
    "sequential Monte Carlo": LatticeSMC(particles=PARTICLES, moves=MOVES),
}


@dataclass(frozen=True)
class SamplerRun:
    """The run of a baseline sampler.

    Args:
        name: its name in the report.
        estimates: the estimates; empty if the time did not suffice.
        diagnostics: what the draws say about themselves (see `run.diagnostic`).
        seconds: CPU time after compilation, of the draws and (of particles) of all stages.
    """

    name: str
    estimates: tuple[Estimated, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float

    def numbers(self) -> dict[str, Estimated]:
        """The estimates of plain numbers, by name."""
        return {estimate.about.name: estimate for estimate in self.estimates if not estimate.about.is_function}

    def cost(self, name: str) -> float | None:
        """CPU seconds for an effective sample of one observable."""
        size = self.numbers()[name].effective_size if name in self.numbers() else None
        return self.seconds / size if size else None


def baseline_methods() -> dict[str, type]:
    """The class of every sampler that may stand beside a run, by the name that a report gives it."""
    return {name: type(sampler) for name, sampler in SAMPLERS.items()}


def baselines(action: AbstractAction, own: str = "", settings: Mapping[str, JSON] | None = None) -> dict[str, Sampler]:
    """Samplers of an action beside the method of a run.

    Args:
        action: the action.
        own: name of the method of the run.
        settings: arguments of that method by name.

    Returns:
        Samplers by the names that a report gives them; none where each would take long to compile.
    """
    applicable = {name: SAMPLERS[name] for name in action.baselines}
    return {name: sampler for name, sampler in applicable.items() if not _is_same(sampler, own, settings or {})}


def _is_same(sampler: Sampler, own: str, settings: Mapping[str, JSON]) -> bool:
    """Whether a run by the method `own` made the same updates, or drew from the same model."""
    if isinstance(sampler, Independent):
        return own == "IndependenceMetropolis" and settings.get("model") == str(sampler.model)
    flags = {name: getattr(sampler, name) for name in ("winding", "trajectory") if name in vars(sampler)}
    return type(sampler).__name__ == own and all(settings.get(name) == value for name, value in flags.items())


def run_for(
    action: AbstractAction, name: str, method: Method[AbstractAction, Any], seconds: float, seed: int = 0
) -> SamplerRun:
    """Run a sampler for about a given CPU time beside its compilation.

    Args:
        action: the action.
        name: name of the sampler in the report.
        method: the sampler.
        seconds: CPU time [s].
        seed: seed of the random numbers.
    """
    compiled = Compiled(action, method, jr.key(seed), CAPACITY)
    chunk = jax.block_until_ready(compiled.advance(compiled.init(), 0, 1))  # compiles
    kept, step, started = [_kept(chunk)], 1, time.process_time()
    while step < method.steps and not chunk.done and chunk.finite:
        spent = time.process_time() - started
        if spent >= seconds:
            break
        pace = max(spent / max(step - 1, 1), 1e-9)
        trips = 1 if step == 1 else max(1, min(CAPACITY, int((seconds - spent) / pace), method.steps - step))
        chunk = jax.block_until_ready(compiled.advance(chunk.state, step, trips))
        kept.append(_kept(chunk))
        step += int(chunk.taken)
    counted = step - (WARMUP if isinstance(method, AbstractMarkovChain) else 0)
    enough = bool(chunk.done) if isinstance(method, LatticeSMC) else counted >= FEWEST_DRAWS
    if not enough or not chunk.finite:
        return SamplerRun(name, (), (), 0.0)
    spent = (time.process_time() - started) * counted / (step - 1)
    history = jax.tree.map(lambda *parts: np.concatenate(parts), *kept)
    return assess(action, name, method.finish(action, compiled.whole(chunk.state), history), spent)


def assess(action: AbstractAction, name: str, draws: Draws, seconds: float) -> SamplerRun:
    """Estimate the observables from the draws of a sampler.

    Args:
        action: the action.
        name: name of the sampler in the report.
        draws: its draws.
        seconds: the CPU time that they took [s].
    """
    draws = jax.device_get(draws)
    estimates = estimate(action, draws, evaluate(action, rows(draws.position)))
    return SamplerRun(name, estimates, draws.diagnostics, seconds)


def _kept(chunk: Chunk) -> PyTree[Shaped[np.ndarray, "..."]]:
    taken = int(chunk.taken)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:taken], chunk.kept)
