"""What the report of a run shows: the action of the kernel on a constant, and the phase shift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retrodict.base.figure import Figure, Guide, Panel, band_of

if TYPE_CHECKING:
    from retrodict.run.result import Result  # imports xarray, which a check of a config does not need


def figures(result: "Result") -> Sequence[Figure]:
    """The integral of the kernel over one distance, and the phase shift.

    Args:
        result: of a run.
    """
    kernel = (
        "The integral of K(r, r') = 4 pi r r' U(r, r') over r', or the potential itself if it is local: 68 and 95 % "
        "bands of the posterior over those of the prior."
    )
    phase = (
        "The S-wave phase shift over the energy in the centre of mass, followed from high energies, where it is zero."
    )
    return (
        _figure(result, "kernel_integral", "The potential", kernel, ("$r$", r"$\int K\,dr'$", "fm", "MeV")),
        _figure(result, "phase_shift", "Phase shift", phase, ("$E$", r"$\delta$", "MeV", "deg")),
    )


def _figure(result: "Result", name: str, title: str, caption: str, axes: tuple[str, str, str, str]) -> Figure:
    band, prior = result.band(name), result.prior_band(name)
    below = (band_of(prior, label="prior", role="prior"),) if prior else ()
    x, y, x_unit, y_unit = axes
    panel = Panel(x, y, (*below, Guide(0.0), band_of(band, label="posterior")), x_unit, y_unit)
    return Figure(name, title, caption, (panel,))
