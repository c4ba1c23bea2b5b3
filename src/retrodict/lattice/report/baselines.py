"""Other samplers of the same action, each for a few seconds: what they find, and what an independent sample costs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import jax.random as jr
import numpy as np

from retrodict.inference.estimates import estimate
from retrodict.inference.evaluate import evaluate, rows
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.samplers.cluster import ferromagnetic_coupling
from retrodict.lattice.samplers.independent import Independent
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.methods import HMC, MALA, Cluster, HeatBath
from retrodict.lattice.samplers.smc import LatticeSMC
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import AbstractPhi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.problem.target import Estimated
from retrodict.run.compiled import Compiled
from retrodict.run.diagnostic import Diagnostic
from retrodict.run.method import Draws

CHAINS: Final = 16
PARTICLE_NAME: Final = "sequential Monte Carlo"
PARTICLES: Final = 1000
SMALL: Final = 100  # sites of a gauge theory that particles reach within seconds
MOVES: Final = 10  # of the particles after each stage
WARMUP: Final = 100
MOST_DRAWS: Final = 2000
FEWEST_DRAWS: Final = 20  # of a chain, or batches of independent draws
CAPACITY: Final = 256  # steps of a chunk

Sampler = HMC | MALA | Cluster | HeatBath | LatticeSMC | Independent


@dataclass(frozen=True)
class SamplerRun:
    """What a sampler found in its time; `estimates` is empty if it did not come so far."""

    name: str
    estimates: tuple[Estimated, ...]
    diagnostics: tuple[Diagnostic, ...]
    seconds: float  # CPU, after compilation, of the draws and (of particles) of all stages

    def numbers(self) -> dict[str, Estimated]:
        """The estimates of plain numbers, by name."""
        return {one.about.name: one for one in self.estimates if not one.about.is_function}

    def cost(self, name: str) -> float | None:
        """CPU seconds for an effective sample of one observable."""
        size = self.numbers()[name].effective_size if name in self.numbers() else None
        return self.seconds / size if size else None


def baselines(action: AbstractAction, own: str = "", settings: Mapping[str, Any] | None = None) -> dict[str, Sampler]:
    """Samplers of `action` other than the method `own` with its `settings`, by the names that a report gives them."""
    return {name: one for name, one in samplers(action).items() if not _is(one, own, settings or {})}


def _is(one: Sampler, own: str, settings: Mapping[str, Any]) -> bool:
    """Whether a run by the method `own` made the same updates, or drew from the same model."""
    if isinstance(one, Independent):
        return own == "IndependenceMetropolis" and settings.get("model") == str(one.model)
    flags = {name: getattr(one, name) for name in ("winding", "trajectory") if name in vars(one)}
    return type(one).__name__ == own and all(settings.get(name) == value for name, value in flags.items())


def samplers(action: AbstractAction) -> dict[str, Sampler]:
    """All that apply; none where each would take longer to compile than a reader of the report would wait."""
    if isinstance(action, Wilson):
        return _for_links(action)
    if isinstance(action, Ising):
        return {"clusters": _sized(Cluster())} if action.coupling >= 0 else {}
    found: dict[str, Sampler] = {"HMC": _sized(HMC())}
    if isinstance(action, FeynmanPath):
        found["Metropolis-adjusted Langevin"] = _sized(MALA())
    if isinstance(action, XY | AbstractPhi4) and ferromagnetic_coupling(action) >= 0:
        both = not isinstance(action, XY)
        found["clusters and HMC" if both else "clusters"] = _sized(Cluster(trajectory=both))
    return {**found, PARTICLE_NAME: LatticeSMC(particles=PARTICLES, moves=MOVES)}


def _for_links(action: Wilson) -> dict[str, Sampler]:
    found: dict[str, Sampler] = {"HMC": _sized(HMC())}
    if isinstance(action.group, U1):
        if action.has_charge:
            found["HMC and winding"] = _sized(HMC(winding=True))
            found["shared flux"] = Independent(SharedFlux())
        if action.volume <= SMALL:
            found[PARTICLE_NAME] = LatticeSMC(particles=PARTICLES, moves=MOVES)
        return found
    if len(action.shape) > 2 and not isinstance(action.group, SU2):
        return {}
    if not any(extent % 2 for extent in action.shape) and action.beta > 0:
        found["heat bath"] = _sized(HeatBath())
    return found


def _sized(method: Any) -> Any:
    return replace(method, chains=CHAINS, warmup=WARMUP, draws=MOST_DRAWS)


def run_for(action: AbstractAction, name: str, method: Sampler, seconds: float, seed: int = 0) -> SamplerRun:
    """Let `method` run for about `seconds` of CPU time beside its compilation, and judge what it found."""
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
    return judged(action, name, method.finish(action, compiled.whole(chunk.state), history), spent)


def judged(action: AbstractAction, name: str, draws: Draws, seconds: float) -> SamplerRun:
    """Draws with their estimates."""
    draws = jax.device_get(draws)
    estimates = estimate(action, draws, evaluate(action, rows(draws.position)))
    return SamplerRun(name, estimates, draws.diagnostics, seconds)


def _kept(chunk: Any) -> Any:
    taken = int(chunk.taken)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[:taken], chunk.kept)
