"""What numbers without names could be in this domain."""

import numpy as np

from retrodict.base.shapes import Float


def possible_headers(matrix: Float[np.ndarray, "rows columns"]) -> tuple[str, ...]:
    """Headers that numbers without names could have in this domain.

    Args:
        matrix: the numbers, shape (rows, columns).
    """
    medians = np.median(matrix, axis=0)
    rising = bool((np.diff(matrix[:, :3], axis=0) >= 0.0).all()) and bool((matrix[:, :3] >= 0.0).all())
    is_mass, is_radius = (medians >= 0.3) & (medians <= 3.0), (medians >= 6.0) & (medians <= 20.0)
    if len(medians) in (2, 3) and is_mass[:2].sum() == 1 and is_radius[:2].sum() == 1:
        names = ("mass [Msun]", "radius [km]") if is_mass[0] else ("radius [km]", "mass [Msun]")
        third = () if len(medians) == 2 else ("tidal_deformability",)
        return (", ".join((*names, *third)),)
    if len(medians) == 4 and is_mass[0] and is_radius[2] and (matrix > 0.0).all():
        return ("mass [Msun], mass_error, radius [km], radius_error",)
    if len(medians) >= 3 and rising:
        more = ", _" * (len(medians) - 3)
        return (f"baryon_density [fm^-3], energy_density [MeV fm^-3], pressure [MeV fm^-3]{more}",)
    return ()
