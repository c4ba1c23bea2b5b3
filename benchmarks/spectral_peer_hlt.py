"""Smeared densities by lsdensities (GPL-3), run with a Python that has it, for `spectral_classical.py --lsdensities`.

python benchmarks/spectral_peer_hlt.py problem.json answer.json
"""

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import mpmath
from lsdensities.core import A0_mp, Smatrix_mp
from lsdensities.transform import h_Et_mp_Eslice
from lsdensities.utils.rhoMath import invert_matrix_ge
from mpmath import mp, mpf

mp.dps = 64


def main():
    """The densities (penalties x energies), A0 of each energy and the CPU seconds of one density."""
    problem = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    correlator, sigma = problem["correlator"], problem["sigma"]
    points = len(correlator)
    options = SimpleNamespace(
        tmax=points,
        time_extent=0,
        periodicity="EXP",
        kerneltype="FULLNORMGAUSS",
        mpsigma=mpf(str(problem["width"])),
        mpe0=mpf(0),
    )
    start = time.process_time()
    gram = Smatrix_mp(points, mpf(0), mpf(0))
    densities = []
    for penalty in problem["penalties"]:
        row = []
        for energy in problem["energies"]:
            noise = mpmath.diag([mpf(penalty) * mpf(s) ** 2 for s in sigma])
            inverse = invert_matrix_ge(gram + noise)
            weights = h_Et_mp_Eslice(inverse, options, mpf(str(energy)), alpha_=mpf(0))
            row.append(float(sum(w * mpf(g) for w, g in zip(weights, correlator, strict=True))))
        densities.append(row)
    count = len(problem["penalties"]) * len(problem["energies"])
    seconds = (time.process_time() - start) / count
    norm = [float(A0_mp(mpf(str(e)), options.mpsigma, mpf(0))) for e in problem["energies"]]
    answer = {"densities": densities, "norm": norm, "seconds": seconds}
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
