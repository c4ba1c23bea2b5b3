#!/usr/bin/env bash
# lalsuite 7.26.16: three of the 111 equations of state that it ships and lists by name cannot be loaded by it.
#
# `SimNeutronStarEOSByName` takes the names of the tables that lie in the package. SQM1, SQM2 and SQM3, the only tables of
# self-bound quark matter among them, end in RuntimeError: "Generic failure". Their rows are fine: pressure and energy
# density rise strictly, from a finite energy density at nearly no pressure.
#
# Guessed before running: every table that is shipped under a name loads by that name.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip --quiet --disable-pip-version-check install --no-deps \
  lalsuite==7.26.16 numpy==2.4.6 2>"$place/log" || { cat "$place/log"; exit 1; }
cat >"$place/try.py" <<'PYTHON'
import re
from importlib.metadata import files, version

import numpy as np

import lal
import lalsimulation

lal.ClobberDebugLevel(0)  # no messages of the library
tables = {}
for file in files("lalsuite"):
    match = re.fullmatch(r"LALSimNeutronStarEOS_(\w+)\.dat", file.name)
    if match:
        tables[match[1]] = file.locate()
broken = []
for name in sorted(tables):
    try:
        lalsimulation.SimNeutronStarEOSByName(name)
    except RuntimeError as error:
        broken.append(name)
        pressure, energy = np.loadtxt(tables[name]).T
        rising = (np.diff(pressure) > 0).all() and (np.diff(energy) > 0).all()
        print(f"{name}: {error}; {len(pressure)} rows, strictly rising: {rising}, first p/eps {pressure[0] / energy[0]:.1e}")
        assert rising
print(f"lalsuite {version('lalsuite')}: {len(tables)} tables, {len(broken)} cannot be loaded")
assert len(tables) == 111 and broken == ["SQM1", "SQM2", "SQM3"]
PYTHON
"$place/venv/bin/python" "$place/try.py" 2>/dev/null
