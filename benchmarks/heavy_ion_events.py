"""Events: a million particles in 2000 events, inspected and turned into observables; the errors against repetition.

Run: python benchmarks/heavy_ion_events.py [PYTHON], where PYTHON is an interpreter that has `sparkx`, a peer, which
then reads the same file and counts the same charged hadrons in the same run.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

EVENTS, PARTICLES = 2000, 500
CODES = np.array([211, -211, 111, 321, -321, 2212, 2112])
MASSES = np.array([0.138, 0.138, 0.138, 0.494, 0.494, 0.938, 0.938])
CHARGES = np.array([1, -1, 0, 1, -1, 1, 0])
PEER = """
import json, sys, time
import numpy as np
start = time.process_time()
from sparkx import Oscar
from sparkx.flow import QCumulantFlow
imported = time.process_time()
oscar = Oscar(sys.argv[1])
read = time.process_time()
chosen = oscar.charged_particles().pseudorapidity_cut(1.0).pT_cut((0.2, 5.0))
counts = chosen.num_output_per_event()
events = chosen.particle_objects_list()
mean = float(np.mean([particle.pT_abs() for event in events for particle in event]))
flow = QCumulantFlow(2, 2, imaginary="zero").integrated_flow(events)
done = time.process_time()
print(json.dumps({"import": imported - start, "read": read - imported, "observables": done - read,
                  "particles": int(np.sum(counts[:, 1])), "mean_pT": mean, "v2": float(flow[0])}))
"""


def write_events(path: Path) -> None:
    """Pions, kaons and nucleons with elliptic flow, in OSCAR 2013."""
    rng = np.random.default_rng(0)
    columns = "t x y z mass p0 px py pz pdg ID charge"
    with open(path, "w") as file:
        file.write(f"#!OSCAR2013 particle_lists {columns}\n")
        file.write("# Units: fm fm fm fm GeV GeV GeV GeV GeV none none e\n# SMASH-3.1\n")
        for event in range(EVENTS):
            kind = rng.choice(7, PARTICLES, p=[0.27, 0.27, 0.26, 0.05, 0.05, 0.05, 0.05])
            pt, y, phi = rng.gamma(2, 0.22, PARTICLES), rng.normal(0, 1.5, PARTICLES), rng.uniform(0, 6.2832, PARTICLES)
            phi += rng.uniform(0, 6.2832) - 0.1 * np.sin(2 * phi)
            mt = np.hypot(MASSES[kind], pt)
            rows = np.column_stack(
                [
                    np.full(PARTICLES, 200.0),
                    rng.normal(0, 30, (PARTICLES, 3)),
                    MASSES[kind],
                    mt * np.cosh(y),
                    pt * np.cos(phi),
                    pt * np.sin(phi),
                    mt * np.sinh(y),
                    CODES[kind],
                    np.arange(PARTICLES),
                    CHARGES[kind],
                ]
            )
            form = "%g %g %g %g %g %.9g %.9g %.9g %.9g %d %d %d\n"
            file.write(f"# event {event} out {PARTICLES}\n" + "".join(form % tuple(row) for row in rows))
            file.write(f"# event {event} end 0 impact   6.500 scattering_projectile_target yes\n")


def ours(path: Path) -> float:
    """Inspect and analyse; CPU seconds of both, imports included."""
    start = time.process_time()
    from retrodict.heavy_ion.events.analyse import analyse
    from retrodict.heavy_ion.events.reading import describe

    imported = time.process_time()
    described = describe(path)
    inspected = time.process_time()
    found = analyse([path]).found
    done = time.process_time()
    numbers = {name: found["quantities"][name] for name in ("dNch_deta", "mean_pT", "v2{2}", "v2{4}")}
    print(f"{described['particles']} particles in {described['events']} events, {path.stat().st_size / 1e6:.0f} MB")
    parts = (imported - start, inspected - imported, done - inspected)
    print("CPU s: import {:.2f}, inspect {:.2f}, observables {:.2f}".format(*parts))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(", ".join(f"{name} {one['value']:.5g} +- {one['error']:.2g}" for name, one in numbers.items()))
    return done - start


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.oscar"
        write_events(path)
        seconds = ours(path)
        print(f"inspected and analysed in {seconds:.2f} CPU s (asked: 10)")
        if len(sys.argv) > 1:
            done = subprocess.run([sys.argv[1], "-c", PEER, str(path)], capture_output=True, text=True)
            if done.returncode:
                print("sparkx failed:", done.stderr.strip().splitlines()[-1])
                return
            peer = json.loads(done.stdout.strip().splitlines()[-1])
            total = peer["import"] + peer["read"] + peer["observables"]
            parts = (peer["import"], peer["read"], peer["observables"])
            print("sparkx: import {:.1f}, read {:.1f}, three observables {:.1f}".format(*parts))
            print(f"sparkx: mean pT {peer['mean_pT']:.5g}, v2 {peer['v2']:.5g}; ratio of CPU s {total / seconds:.1f}")


if __name__ == "__main__":
    main()
