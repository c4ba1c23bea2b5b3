"""What the report of a run shows: the line shape with its band, and how well each experiment is described."""

from collections.abc import Sequence

from retrodict import Figure, Posterior, Result
from retrodict.base.figure import Panel, band_of
from retrodict.base.section import Run, Section, Table


def figures(result: Result) -> Sequence[Figure]:
    """The cross section over the energy, with its 68 and 95 % bands."""
    band = band_of(result.band("line_shape"))
    panel = Panel("Energy", "Cross section", (band,), "MeV", "nb")
    return (Figure("line_shape", "Line shape", "The cross section and its bands.", (panel,), section="functions"),)


def sections(result: Result, target: Posterior, *, run: Run | None = None) -> Sequence[Section]:
    """chi-squared of each experiment at the best fit."""
    fit = result.to_json()["fit"]
    rows = tuple((name, float(numbers["chi2"]), float(numbers["points"])) for name, numbers in fit["terms"].items())
    table = Table(("Experiment", "$\\chi^2$", "Points"), rows)
    return (Section("experiments", "The two experiments", "Each at the best fit of both.", table),)
