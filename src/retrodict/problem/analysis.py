"""The contract of an analysis: what was measured, and the physics that leads from the unknown to it."""

from abc import abstractmethod

import equinox as eqx

from retrodict.base.files import PathLike
from retrodict.problem.posterior import Posterior


class AbstractAnalysis(eqx.Module):
    """What was measured, the unknown behind it with its prior, and the physics between them.

    The fields of an analysis are those of a config, `problem.analysis`; one is `columns`, what the user says of a table
    without a header.
    """

    @abstractmethod
    def posterior(self, data: PathLike | None) -> Posterior:
        """The posterior of the unknown.

        Args:
            data: the user's file; None: the mock data that the analysis makes.

        Raises:
            InputError: for a file that cannot be read, and for fields that contradict it or each other.
        """
