r"""
Which stars does an equation of state make?
===========================================

An equation of state determines one curve of masses and radii, and with it how easily a companion deforms each star. Three published ones:
"""

import matplotlib.pyplot as plt
import numpy as np

from retrodict.neutron_star import from_piecewise_polytropes, maximum_mass, solve, star_at_mass

# log10 of the pressure at 10^14.7 g/cm^3 [dyn/cm^2], and three exponents: Read et al., PRD 79, 124032 (2009), table III
PUBLISHED = {
    "SLy": (34.384, (3.005, 2.988, 2.851)),
    "H4": (34.669, (2.909, 2.246, 2.144)),
    "MS1": (34.858, (3.224, 3.033, 1.325)),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6), sharey=True)
for name, parameters in PUBLISHED.items():
    stars = solve(from_piecewise_polytropes(*parameters))
    exists = np.asarray(stars.stable & stars.valid & (stars.mass > 0.5))
    (line,) = left.plot(stars.radius[exists], stars.mass[exists], label=name)
    right.semilogx(stars.tidal_deformability[exists], stars.mass[exists], color=line.get_color())
    typical, heaviest = star_at_mass(stars, 1.4), maximum_mass(stars)
    left.plot(heaviest.radius, heaviest.mass, "o", color=line.get_color())
    print(
        f"{name:4s} R_1.4 = {typical.radius:.2f} km, Lambda_1.4 = {typical.tidal_deformability:.0f}, "
        f"M_max = {heaviest.mass:.2f} Msun"
    )
left.set(xlabel="radius [km]", ylabel="mass [$M_\\odot$]", xlim=(9, 17))
right.set(xlabel="tidal deformability $\\Lambda$", xlim=(2, 1e5))
left.legend()
figure.tight_layout()

# %%
# Stiff matter (MS1) makes large stars that are easily deformed. The dots are the heaviest stars; beyond them matter collapses. A table of your own is read by
# ``read_equation_of_state("table.csv")``; ``retrodict inspect table.csv`` solves its stars on the command line.
