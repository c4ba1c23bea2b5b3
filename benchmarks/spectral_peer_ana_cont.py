"""Maximum entropy by ana_cont (MIT) at given alphas, run with the Python that has it.

python benchmarks/spectral_peer_ana_cont.py problem.json answer.json
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ana_cont.continuation import AnalyticContinuationProblem


def main():
    """rho/omega on the frequencies given, one row an alpha, and CPU seconds."""
    given = {key: np.array(value) for key, value in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")).items()}
    problem = AnalyticContinuationProblem(
        im_axis=given["momentum"], re_axis=given["omega"], im_data=given["data"], kernel_mode="freq_bosonic"
    )
    rows, seconds = [], []
    for alpha in given["alphas"]:
        start = time.process_time()
        found = problem.partial_solution(
            method="maxent_svd",
            optimizer="newton",
            stdev=given["sigma"],
            model=given["model"],
            alpha=alpha,
            ustart=np.zeros(len(given["momentum"])),
        )
        seconds.append(time.process_time() - start)
        rows.append(np.asarray(found.A_opt).tolist())
    Path(sys.argv[2]).write_text(json.dumps({"ratio": rows, "seconds": seconds}), encoding="utf-8")


if __name__ == "__main__":
    main()
