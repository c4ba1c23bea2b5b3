"""The exact samplers of lattice theories, each a method of `infer`, and Langevin dynamics without correction."""

from dataclasses import dataclass, field
from typing import ClassVar

from retrodict.base.types import CountOrZero, Positive, Share
from retrodict.lattice.samplers.cluster import ClusterSweep
from retrodict.lattice.samplers.heat_bath import HeatBathSweep
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.updates import LangevinStep, Leapfrog, Omelyan, Trajectory, Update
from retrodict.lattice.samplers.winding import WindingStep
from retrodict.run.method import Kind


@dataclass(frozen=True)
class HMC(AbstractMarkovChain):
    """Hybrid Monte Carlo.

    Arguments for chains as in `AbstractMarkovChain`.

    Args:
        length: mean length of a trajectory, in units of simulation time.
        integrator: integrator of Hamilton's equations.
        acceptance: acceptance to which the step size is tuned during the warm-up.
        winding: whether a winding update follows each trajectory (U(1) in two dimensions).
        references: keys of the literature to cite.

    Example:
        >>> HMC(chains=8, warmup=100, draws=500).steps
        600
    """

    length: Positive = 1.0
    integrator: Omelyan | Leapfrog = field(default_factory=Omelyan)
    acceptance: Share = 0.8
    winding: bool = False

    references: ClassVar[tuple[str, ...]] = ("duane1987", "mackenzie1989", "omelyan2003", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """A trajectory, and a winding step if wanted."""
        trajectory = Trajectory(self.length, self.integrator, self.acceptance)
        return (trajectory, WindingStep()) if self.winding else (trajectory,)


@dataclass(frozen=True)
class Langevin(AbstractMarkovChain):
    """Langevin dynamics without correction: biased at O(size).

    Arguments for chains as in `AbstractMarkovChain`.

    Args:
        size: step size.
        kind: approximate.
        references: keys of the literature to cite.

    Example:
        >>> Langevin(size=0.02).kind
        'approximate'
    """

    size: Positive = 0.01

    kind: ClassVar[Kind] = "approximate"
    references: ClassVar[tuple[str, ...]] = ("roberts1996", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One step."""
        return (LangevinStep(adjusted=False, fixed=self.size),)


@dataclass(frozen=True)
class MALA(AbstractMarkovChain):
    """Metropolis-adjusted Langevin steps, their size tuned to an acceptance of 0.574 during the warm-up.

    Arguments for chains as in `AbstractMarkovChain`.

    Args:
        references: keys of the literature to cite.

    Example:
        >>> MALA().updates[0].wanted
        0.574
    """

    references: ClassVar[tuple[str, ...]] = ("roberts1996", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One step."""
        return (LangevinStep(),)


@dataclass(frozen=True)
class HeatBath(AbstractMarkovChain):
    """Heat bath for SU(2), by subgroups for SU(3).

    Arguments for chains as in `AbstractMarkovChain`.

    Args:
        overrelaxation: number of over-relaxation sweeps after each heat-bath sweep.
        references: keys of the literature to cite.

    Example:
        >>> HeatBath(overrelaxation=3).kind
        'exact'
    """

    overrelaxation: CountOrZero = 2

    references: ClassVar[tuple[str, ...]] = ("kennedy1985", "cabibbo1982", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One sweep of each kind."""
        return (HeatBathSweep(self.overrelaxation),)


@dataclass(frozen=True)
class Cluster(AbstractMarkovChain):
    """Swendsen-Wang clusters for actions with embedded Ising spins.

    Arguments for chains as in `AbstractMarkovChain`.

    Args:
        trajectory: whether a Hamiltonian trajectory follows, which phi^4 needs.
        length: mean length of the trajectory.
        references: keys of the literature to cite.

    Example:
        >>> len(Cluster(trajectory=True).updates)
        2
    """

    trajectory: bool = False
    length: Positive = 1.0

    references: ClassVar[tuple[str, ...]] = ("swendsen1987", "wolff1989", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """Clusters, and a trajectory if wanted."""
        clusters = ClusterSweep(alone=not self.trajectory)
        return (clusters, Trajectory(self.length)) if self.trajectory else (clusters,)
