"""What a user waits for: CPU and wall seconds, compilation and peak memory of commands, phase by phase, cold and warm.

    python benchmarks/start.py                            # everything, a quarter of an hour
    python benchmarks/start.py inspect list neutron-star  # some
    python benchmarks/start.py neutron-star --against ../old/src  # the same by another checkout, in turn, with ratios

Cold: nothing compiled before. Warm: the same command again in another folder. Each command is a process of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[1] / "src"
PROGRAM = "import sys; from retrodict.cli.main import main; sys.argv[0] = 'retrodict'; main()"
STARS = "mass [Msun],mass error [Msun],radius [km],radius error [km]\n" + "".join(
    f"{1.2 + 0.05 * i:.2f},0.1,{12.4 - 0.1 * i:.1f},0.6\n" for i in range(12)
)
BARE = "".join(f"{i} {2.0 * 0.8**i:.6f} {0.01 * 0.8**i:.6f}\n" for i in range(24))
DENSITIES = [0.05 * 30 ** (i / 79) for i in range(80)]  # fm^-3
MATTER = "baryon_density [fm^-3], energy_density [MeV fm^-3], pressure [MeV fm^-3]\n" + "".join(
    f"{n:.8g},{939.0 * n + 3.0 * (n / 0.16) ** 2.7 / 1.7:.8g},{3.0 * (n / 0.16) ** 2.7:.8g}\n" for n in DENSITIES
)
COMMANDS = {
    "help": ["--help"],
    "demos": ["demo"],
    "list": ["list"],
    "inspect": ["inspect", "stars.csv"],
    "inspect-bare": ["inspect", "bare.txt"],
    "refuse": ["check", "wrong.yaml"],
    "refuse-kind": ["run", "kind.yaml"],
    "inspect-matter": ["inspect", "matter.csv"],
    "new": ["new", "neutron_star", "made", "--data", "stars.csv"],
    "check": ["check", "made/config.yaml"],
    **{name: ["demo", name, "--out", "run"] for name in ("neutron-star", "spectral", "lattice", "lattice-topology")},
}


class Cost(NamedTuple):
    """Of one process."""

    cpu: float  # seconds
    wall: float  # seconds
    memory: float  # peak, MB
    phases: tuple[tuple[str, float, float], ...]  # what, CPU seconds, seconds of compilation


def measure(arguments: list[str], source: Path, folder: Path, cache: Path) -> Cost:
    """Run the program of the checkout at `source` in `folder`, with compiled code kept in `cache`."""
    environment = {**os.environ, "PYTHONPATH": str(source), "JAX_COMPILATION_CACHE_DIR": str(cache)}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    used = os.wait4(process.pid, 0)[2]
    wall = time.monotonic() - began
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, _phases(folder / "run" / "events.jsonl"))


def _phases(log: Path) -> tuple[tuple[str, float, float], ...]:
    """Phases and, as one, the steps of a run; nothing where there was none."""
    if not log.is_file():
        return ()
    events = [json.loads(line) for line in log.read_text().splitlines()]
    steps = sum(event["cpu"] for event in events if event["event"] == "chunk")
    phases = [(e["what"], e["cpu"], e["compilation"]) for e in events if e["event"] == "phase"]
    return (("all steps", steps, 0.0), *phases)


def prepare(folder: Path) -> Path:
    """The files that the commands read."""
    folder.mkdir()
    (folder / "stars.csv").write_text(STARS)
    (folder / "bare.txt").write_text(BARE)
    (folder / "wrong.yaml").write_text("domain: neutron_star\nproblem: {dat: stars.csv}\nmethod: {kind: NUTS}\n")
    (folder / "kind.yaml").write_text(
        "domain: neutron_star\nproblem: {data: strs.csv, ansatz: NeuralSoundspeed}\nmethod: {kind: NUTS, chains: two}\n"
    )
    (folder / "matter.csv").write_text(MATTER)
    return folder


def show(name: str, when: str, cost: Cost, other: Cost | None) -> None:
    """One line, with ratios to the other checkout, and a line for each phase."""
    numbers = f"{cost.cpu:8.2f} {cost.wall:8.2f} {cost.memory:8.0f}"
    if other is not None:
        numbers += "".join(f" {mine / theirs:7.2f}" for mine, theirs in zip(cost[:3], other[:3], strict=True))
    print(f"{name:18} {when:5} {numbers}", flush=True)
    for what, cpu, compilation in cost.phases:
        print(f"{'':10}{what[:46]:46} {cpu:8.2f}" + (f"   compilation {compilation:.1f} s" if compilation else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "commands", nargs="*", metavar="COMMAND", help=f"of {', '.join(COMMANDS)}; all if none is given"
    )
    parser.add_argument("--against", type=Path, help="src of another checkout, measured in turn")
    given = parser.parse_args()
    unknown = sorted({*given.commands} - {*COMMANDS})
    if unknown:
        parser.error(f"no such command: {', '.join(unknown)}")
    sources = {"here": HERE} | ({"other": given.against.resolve()} if given.against else {})
    ratios = " ratios: cpu    wall  memory" if given.against else ""
    print(f"{'command':18} {'cache':5} {'CPU s':>8} {'wall s':>8} {'MB':>8}{ratios}")
    with tempfile.TemporaryDirectory() as place:
        folders = {(key, when): prepare(Path(place) / f"{key}-{when}") for key in sources for when in ("cold", "warm")}
        for name in given.commands or COMMANDS:
            caches = {key: Path(place) / f"cache-{name}-{key}" for key in sources}
            for when in ("cold", "warm"):
                costs = {
                    key: measure(COMMANDS[name], source, folders[key, when], caches[key])
                    for key, source in sources.items()
                }
                show(name, when, costs["here"], costs.get("other"))
                for key in sources:
                    shutil.rmtree(folders[key, when] / "run", ignore_errors=True)


if __name__ == "__main__":
    main()
