"""The public design of JETSCAPE from its files to viscosities: time, accuracy of the emulator, what is found.

    python benchmarks/heavy_ion_study.py --data FOLDER

FOLDER holds `main.dat` and `design_points_main_PbPb-2760.dat`, `design_ranges_main_PbPb-2760.dat` of js-sims-bayes, and
measurements, `alice_pb_pb_2760.csv`. Without it the mock simulator takes their place.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

import retrodict as rd
from retrodict.heavy_ion import Calibration, posterior_of, read_sims_outputs, write_outputs
from retrodict.heavy_ion.calibration.report import widths
from retrodict.heavy_ion.calibration.training import left_out

FAILED = (123, 242, 289, 324, 326, 334, 341, 377, 406, 429, 440, 447, 459, 462, 483)  # points of Grad


def public(folder: Path, place: Path) -> tuple[Calibration, Path]:
    """The analysis of the public files, and the measurements."""
    write_outputs(place / "outputs.csv", read_sims_outputs(folder / "main.dat"))
    return Calibration(
        design=folder / "design_points_main_PbPb-2760.dat",
        outputs=place / "outputs.csv",
        ranges=folder / "design_ranges_main_PbPb-2760.dat",
        drop=FAILED,
    ), folder / "alice_pb_pb_2760.csv"


def main() -> None:
    """Print the figures of docs/physics/heavy_ion_calibration.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        analysis, data = public(given.data, Path(place)) if given.data else (Calibration(), None)
        start = time.process_time()
        setup = analysis.setup(data)
        print(f"files read and emulator trained (or taken from the cache) in {time.process_time() - start:.1f} CPU s")
    found = left_out(setup.emulator, setup.runs.outputs.values)
    print(f"points left out: {np.sqrt(np.mean(found.error**2)):.3f} of the spread (asked <= 0.20)")
    print(f"pulls {found.width:.3f} wide (0.9 ... 1.1)")
    target = posterior_of(setup)
    for turn in ("programs compiled in between", "programs compiled before"):
        start = time.process_time()
        result = rd.infer(target, rd.NUTS(chains=16, warmup=300, draws=500), seed=0)
        seconds = time.process_time() - start
        print(f"NUTS 16 x (300 + 500), {turn}: {seconds:.1f} CPU s (asked <= 30)")
    print(result)
    band = result.band("eta_over_s")
    for temperature in (0.15, 0.20, 0.25, 0.30):
        i = int(np.argmin(np.abs(band["x"] - temperature)))
        print(f"eta/s({temperature:.2f} GeV) = {band['median'][i]:.3f} [{band['q2_5'][i]:.3f}, {band['q97_5'][i]:.3f}]")
    for name, (before, after) in widths(result).items():
        print(f"{name}: posterior sd / prior sd {after / before:.2f}")


if __name__ == "__main__":
    main()
