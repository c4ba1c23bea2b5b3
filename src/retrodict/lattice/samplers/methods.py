"""The exact samplers of lattice theories, each a method of `infer`, and Langevin dynamics without correction."""

from dataclasses import dataclass, field
from typing import ClassVar

from retrodict.lattice.samplers.cluster import ClusterSweep
from retrodict.lattice.samplers.heat_bath import HeatBathSweep
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.updates import LangevinStep, Leapfrog, Omelyan, Trajectory, Update
from retrodict.lattice.samplers.winding import WindingStep
from retrodict.run.method import Kind


@dataclass(frozen=True)
class HMC(AbstractMarkovChain):
    """Hybrid Monte Carlo with trajectories of `length`; the step size is tuned to `acceptance` during the warm-up.

    With `winding`, each trajectory is followed by a winding update (U(1) in two dimensions).
    """

    length: float = 1.0
    integrator: Omelyan | Leapfrog = field(default_factory=Omelyan)
    acceptance: float = 0.8
    winding: bool = False

    references: ClassVar[tuple[str, ...]] = ("duane1987", "mackenzie1989", "omelyan2003", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """A trajectory, and a winding step if wanted."""
        trajectory = Trajectory(self.length, self.integrator, self.acceptance)
        return (trajectory, WindingStep()) if self.winding else (trajectory,)


@dataclass(frozen=True)
class Langevin(AbstractMarkovChain):
    """Langevin dynamics of fixed step `size`, without correction: biased at O(size), and labelled approximate."""

    size: float = 0.01

    kind: ClassVar[Kind] = "approximate"
    references: ClassVar[tuple[str, ...]] = ("roberts1996", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One step."""
        return (LangevinStep(adjusted=False, fixed=self.size),)


@dataclass(frozen=True)
class MALA(AbstractMarkovChain):
    """Metropolis-adjusted Langevin steps, their size tuned to an acceptance of 0.574 during the warm-up."""

    references: ClassVar[tuple[str, ...]] = ("roberts1996", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One step."""
        return (LangevinStep(),)


@dataclass(frozen=True)
class HeatBath(AbstractMarkovChain):
    """Heat bath for SU(2), by subgroups for SU(3), with `overrelaxation` sweeps after each."""

    overrelaxation: int = 2

    references: ClassVar[tuple[str, ...]] = ("kennedy1985", "cabibbo1982", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """One sweep of each kind."""
        return (HeatBathSweep(self.overrelaxation),)


@dataclass(frozen=True)
class Cluster(AbstractMarkovChain):
    """Swendsen-Wang clusters for Ising and XY; with `trajectory`, a Hamiltonian trajectory too, which phi^4 needs."""

    trajectory: bool = False
    length: float = 1.0

    references: ClassVar[tuple[str, ...]] = ("swendsen1987", "wolff1989", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """Clusters, and a trajectory if wanted."""
        clusters = ClusterSweep(alone=not self.trajectory)
        return (clusters, Trajectory(self.length)) if self.trajectory else (clusters,)
