"""The centrality meter: root-mean-square error and calibration on 2000 toy events, beside trees and a polynomial.

Run: python benchmarks/heavy_ion_centrality.py [PYTHON], where PYTHON is an interpreter that has scikit-learn, whose
boosted trees then learn from the same summaries in the same run.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from retrodict.heavy_ion.centrality.meter import train
from retrodict.heavy_ion.centrality.network import Summaries, TrackSets
from retrodict.heavy_ion.centrality.summaries import summaries
from retrodict.heavy_ion.centrality.toy import toy_events
from retrodict.heavy_ion.events.observables import selected

TRAINED, TESTED = 8000, 2000
TREES = """
import sys
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
arrays = np.load(sys.argv[1])
x, b, n = arrays["x"], arrays["b"], int(sys.argv[2])
for name, columns in (("multiplicity", [0]), ("all summaries", list(range(x.shape[1])))):
    trees = HistGradientBoostingRegressor(max_iter=150, learning_rate=0.06, max_leaf_nodes=15, random_state=0)
    wrong = trees.fit(x[:n][:, columns], b[:n]).predict(x[n:][:, columns]) - b[n:]
    print(f"boosted trees of {name}: {np.sqrt(np.mean(wrong**2)):.3f} fm")
"""


def rms(wrong: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(wrong**2)))


def main() -> None:
    start = time.process_time()
    table, b = toy_events(0, TRAINED + TESTED)
    print(f"{table.events} toy events, {table.particles} tracks: {time.process_time() - start:.1f} CPU s")
    first = np.arange(table.events) < TRAINED
    learnt, unseen, truth = selected(table, first), selected(table, ~first), b[TRAINED:]
    x = summaries(table, 3.0)
    polynomial = np.polyfit(x[:TRAINED, 0], b[:TRAINED], 4)
    print(f"polynomial of the root of the multiplicity: {rms(np.polyval(polynomial, x[TRAINED:, 0]) - truth):.3f} fm")
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "summaries.npz"
            np.savez(path, x=x, b=b)
            done = subprocess.run([sys.argv[1], "-c", TREES, str(path), str(TRAINED)], capture_output=True, text=True)
            print(done.stdout.strip() or done.stderr.strip())
    for recipe in (Summaries(), TrackSets()):
        start = time.process_time()
        meter = train(learnt, b[:TRAINED], recipe)
        seconds = time.process_time() - start
        found = meter(unseen)
        wrong = truth - found.mean
        pull = wrong / found.error
        shares = [float(np.mean(np.abs(pull) < width)) for width in (1.0, 1.645, 1.96)]
        print(
            f"{type(recipe).__name__}: {rms(wrong):.3f} fm, pull {pull.std():.3f},"
            f" cov68 {shares[0]:.3f} cov90 {shares[1]:.3f} cov95 {shares[2]:.3f},"
            f" inside {found.inside.mean():.3f}; trained in {seconds:.0f} CPU s"
        )
        for low in range(0, 16, 4):
            chosen = (truth >= low) & (truth < low + 4)
            print(f"  b {low}-{low + 4} fm: {rms(wrong[chosen]):.3f} fm, bias {wrong[chosen].mean():+.3f} fm")


if __name__ == "__main__":
    main()
