"""
Your own data
=============

Masses and radii come as a table with named columns and units; other units are recognised by their name. Wrong files are refused in words before anything
is computed: swapped columns, negative errors, missing numbers.
"""

# %%
# A table of three stars, as a text file.
import tempfile
from pathlib import Path

import retrodict as rd
from retrodict.neutron_star import problem, read_observations

folder = Path(tempfile.mkdtemp())
table = folder / "stars.csv"
table.write_text(
    "name, mass [Msun], mass_error [Msun], radius [km], radius_error [km]\n"
    "J0740+6620, 2.07, 0.07, 12.5, 1.0\n"
    "J0030+0451, 1.40, 0.13, 12.7, 1.1\n"
    "J0437-4715, 1.42, 0.04, 11.4, 0.8\n"
)
print(read_observations(table))

# %%
# The problem takes the file in place of the eighteen stars that ship. On the command line the same is
# ``retrodict new neutron_star DIR --data stars.csv`` followed by ``retrodict run DIR/config.yaml --out DIR/run``.
result = rd.infer(problem(table), rd.Importance(draws=1200, batch=400), seed=0)
print(result)

# %%
# Columns in the wrong order are caught by their ranges.
table.write_text(
    "mass [Msun], mass_error [Msun], radius [km], radius_error [km]\n12.5, 1.0, 2.07, 0.07\n12.7, 1.1, 1.40, 0.13\n"
)
try:
    read_observations(table)
except rd.InputError as error:
    print(str(error).replace(str(folder), "."))
