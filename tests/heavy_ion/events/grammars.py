"""Particle lists as the programs write them: each function is the grammar of one format, fed with the same events."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from retrodict.heavy_ion.events.species import charge

MASSES = {211: 0.138, 111: 0.138, 321: 0.494, 2212: 0.938, 2112: 0.938, 3122: 1.116}
CODES = (211, -211, 111, 321, -321, 2212, 2112, -2212, 3122)
STANDARD = ["t", "x", "y", "z", "mass", "p0", "px", "py", "pz", "pdg", "ID", "charge"]
EXTENDED = ["ncoll", "form_time", "xsecfac", "proc_id_origin", "proc_type_origin", "time_last_coll"]
EXTENDED += ["pdg_mother1", "pdg_mother2"]
UNITS = (
    dict.fromkeys(["t", "x", "y", "z"], "fm") | dict.fromkeys(["mass", "p0", "px", "py", "pz"], "GeV") | {"charge": "e"}
)


class Event(NamedTuple):
    pdg: np.ndarray
    p: np.ndarray  # (particles, 3), GeV
    b: float


def events(sizes: Sequence[int] = (3, 0, 4), seed: int = 1) -> list[Event]:
    rng = np.random.default_rng(seed)
    return [Event(rng.choice(CODES, n), rng.normal(0.0, 0.5, (n, 3)), 1.5 + i) for i, n in enumerate(sizes)]


def mass(code: int) -> float:
    return MASSES[abs(int(code))]


def rows(event: Event) -> list[dict[str, float]]:
    """Each particle by the names of SMASH."""
    out = []
    for i, (code, p) in enumerate(zip(event.pdg, event.p, strict=True)):
        m = mass(code)
        numbers = {
            "px": p[0],
            "py": p[1],
            "pz": p[2],
            "p0": np.sqrt(m**2 + p @ p),
            "mass": m,
            "pdg": int(code),
            "ID": i,
        }
        place = {"t": 200.0, "x": 1.5 * i, "y": -2.0, "z": 0.25}
        more = {"ncoll": 3, "form_time": -5.7, "xsecfac": 1, "proc_id_origin": 14, "proc_type_origin": 5}
        last = {"time_last_coll": 17.2, "pdg_mother1": 0, "pdg_mother2": 0, "baryon_number": 0, "strangeness": 0}
        out.append(numbers | place | {"charge": int(charge(int(code)) or 0)} | more | last)
    return out


def text(row: dict[str, float], columns: Sequence[str]) -> str:
    return " ".join(f"{row[c]:.9g}" if c in ("px", "py", "pz", "p0") else f"{row[c]:g}" for c in columns)


def oscar_1997(given: Sequence[Event], about: str = "UrQMD 3.4 (197, 79)+(197, 79) nncm 0.2000E+03 1", first: int = 1):
    lines = ["OSC1997A    ", "final_id_p_x", about]
    for i, event in enumerate(given):
        lines.append(f"{i + first:10d}  {len(event.pdg):10d}  {event.b:8.3f}  {0.0:8.3f}")
        for j, row in enumerate(rows(event)):
            numbers = [row[c] for c in ("px", "py", "pz", "p0", "mass", "x", "y", "z", "t")]
            cells = "  ".join(f"{x:.16E}".replace("E", "D") for x in numbers)
            lines.append(f"{j + 1:10d}  {row['pdg']:10d}  {cells}")
    return "\n".join(lines) + "\n"


def _line_1999(row: dict[str, float]) -> str:
    return f"{row['ID']} {row['pdg']} 0 " + text(row, ["px", "py", "pz", "p0", "mass", "x", "y", "z", "t"])


def oscar_1999_smash(given: Sequence[Event], *, ensembles: bool = False, intermediate: bool = False):
    member = " 0" if ensembles else ""
    lines = ["# OSC1999A", "# final_id_p_x", "# SMASH-3.1", "# Block format:", "# nin nout event_number"]
    lines += ["# id pdg 0 px py pz p0 mass x y z t", "# End of event: 0 0 event_number impact_parameter", "#"]
    for i, event in enumerate(given):
        body = [_line_1999(row) for row in rows(event)]
        if intermediate:
            lines += [f"0 {len(body)} {i}{member}", *body, f"{len(body[1:])} 0 {i}{member}", *body[1:]]
        lines += [f"{len(body)} 0 {i}{member}", *body, f"0 0 {i}{member} {event.b:7.3f}"]
    return "\n".join(lines) + "\n"


def oscar_1999_urqmd(given: Sequence[Event]):
    lines = ["# OSC1999A", "# full_event_history", "# UrQMD 3.4", "# (197,79)+(197,79) eqsp 100.0 1"]
    for i, event in enumerate(given):
        body = [_line_1999(row) for row in rows(event)]
        lines += [f"0 {len(body)} {i + 1} {event.b:8.3f} 0.000", *body]
        lines += ["2 2 1 1 0.5 2.1 40.0 8.0 0.3", *(body[:1] * 4)] if body else []
        lines += [f"{len(body)} 0", *body, "0 0"]
    return "\n".join(lines) + "\n"


def oscar_2013(
    given: Sequence[Event],
    *,
    version: str = "SMASH-3.1",
    columns: Sequence[str] = STANDARD,
    kind: str = "OSCAR2013",
    content: str = "particle_lists",
    times: bool = False,
    quiet: Sequence[int] = (),
):
    """By the version: numbers from 1 up to 1.8, `empty` from 1.7, its opposite from 2.0, ensembles from 3.2."""
    number = tuple(map(int, version.removeprefix("SMASH-").split(".")))
    first, member = (1 if number < (2, 0) else 0), (" ensemble 0" if number >= (3, 2) else "")
    lines = [f"#!{kind} {content} {' '.join(columns)}", f"# Units: {' '.join(UNITS.get(c, 'none') for c in columns)}"]
    lines.append(f"# {version}")
    for i, event in enumerate(given):
        body, label = [text(row, columns) for row in rows(event)], f"# event {i + first}{member}"
        end = f"{label} end 0 impact {event.b:7.3f}"
        if number >= (2, 0):
            end += f" scattering_projectile_target {'no' if i in quiet else 'yes'}"
        elif number >= (1, 7):
            end += f" empty {'yes' if i in quiet else 'no'}"
        if times:
            within = f"# event {i + first + (number == (2, 0))}{member}"
            lines += [f"{label} in {len(body)}", *body, f"{within} out {len(body[1:])}", *body[1:]]
        lines += [] if i in quiet and not len(body) else [f"{label} out {len(body)}", *body]
        lines.append(end)
    return "\n".join(lines) + "\n"


def extended(given: Sequence[Event], count: int, version: str = "SMASH-3.1"):
    columns = [*STANDARD, *EXTENDED, "baryon_number", "strangeness"][:count]
    return oscar_2013(given, columns=columns, kind="OSCAR2013Extended", version=version)


URQMD = {211: (101, 2), -211: (101, -2), 111: (101, 0), 321: (106, 1), -321: (-106, -1), 2212: (1, 1), 2112: (1, -1)}
URQMD |= {-2212: (-1, -1), 3122: (27, 0)}


def urqmd(
    given: Sequence[Event],
    file: int = 14,
    *,
    version: int = 30400,
    more: int = 0,
    times: int = 1,
    spectators: int = 0,
    shifted: bool = False,
):
    op, pa = (4, 6) if version >= 30000 else (3, 4)
    lines = []
    for i, event in enumerate(given):
        lines += [
            f"UQMD   version:       {version}   1000  {version}  output_file  {file}",
            "projectile:  (mass, char)  197  79   target:  (mass, char)  197  79 ",
            "transformation betas (NN,lab,pro)   0.0000000  0.9000000 -0.9000000",
            f"impact_parameter_real/min/max(fm):  {event.b:6.2f}  0.00  9.00  total_cross_section(mbarn):   2544.69",
            "equation_of_state:   0  E_lab(GeV/u): 0.2133E+05  sqrt(s)(GeV): 0.2000E+03  p_lab(GeV/u): 0.2133E+05",
            f"event# {i + 1:8d} random seed:  1166035330 (auto)   total_time(fm/c):   200 Delta(t)_O(fm/c):   200.000",
            *["op" + "  0  " * 15] * op,
            *["pa" + " 0.1000E+01  " * 12] * pa,
            "pvec: r0              rx              ry              rz              p0              px",
        ]
        for time in range(times):
            final = rows(event) if time == times - 1 else rows(event)[1:]
            lines += [f" {len(final)} {200 * (time + 1)}", "".join(f"{k:8d}" for k in (9, 2, 7, 0, 3, 0, 1, 0))]
            proton = Event(np.array([2212] * spectators), np.zeros((spectators, 3)), 0.0)
            for row, ncoll in [(r, -1) for r in rows(proton)] + [(r, 4) for r in final]:
                numbers = [row[c] for c in ("t", "x", "y", "z", "p0", "px", "py", "pz", "mass")]
                code, sign = row["pdg"], 1 if row["pdg"] > 0 else -1
                ityp, iso3 = (sign * (abs(code) + 1000), 0) if shifted else URQMD[code]
                line = (
                    "".join(f"{x:24.16E}" for x in numbers)
                    + f"{ityp:11d}{iso3:3d}{row['charge']:3d}{7:9d}{ncoll:5d}{20:4d}"
                )
                line += "".join(f"{x:24.16E}" for x in numbers[:8]) if file == 13 else ""
                lines.append(line + " 1" * more)
    return "\n".join(lines) + "\n"


def jetscape(given: Sequence[Event], version: str = "v2", *, weights: Sequence[float] = (), status: int = 27):
    names = "N\tpid\tstatus\tE\tPx\tPy\tPz"
    lines = [f"#\tJETSCAPE_FINAL_STATE\t{version}\t|\t{names}"] if version in ("v2", "v3") else []
    for i, event in enumerate(given):
        more = "\tvertex_x\t0.1\tvertex_y\t0.2\tvertex_z\t0\tcentrality\t-1\tpt_hat\t11" if version == "v3" else ""
        weight = weights[i] if weights else 1.0
        head = f"#\tEvent\t{i + 1}\tweight\t{weight:.15g}\tEPangle\t0\tN_hadrons\t{len(event.pdg)}"
        if version == "converter":
            head += f"\t|\t{names}"
        elif version == "v1":
            head = f"#\t0.0116446\tEvent{i + 1}ID\t{len(event.pdg)}\tpstat-EPx\tPy\tPz\tEta\tPhi"
        lines.append(head + more)
        for j, row in enumerate(rows(event)):
            cells = " ".join(f"{row[c]:.6g}" for c in ("p0", "px", "py", "pz"))
            lines.append(f"{j} {row['pdg']} {status} {cells}" + (" 0.1 0.2" if version == "v1" else ""))
    lines += ["#\tsigmaGen\t0.000314633\tsigmaErr\t6.06164e-07"] if version in ("v2", "v3") else []
    return "\n".join(lines) + "\n"


def trento_table(count: int = 12, *, ncoll: bool = False, seed: int = 3):
    rng, lines = np.random.default_rng(seed), []
    for i in range(count):
        npart = rng.integers(2, 400)
        cells = [f"{i:2d}", f"{rng.uniform(0, 14):.10f}", f"{npart:6d}", *([f"{3 * npart:6d}"] if ncoll else [])]
        lines.append(" ".join([*cells, f"{0.5 * npart:.10e}", *(f"{rng.uniform(0, 1):.10f}" for _ in range(4))]))
    return "\n".join(lines) + "\n"


def trento_grid(size: int = 5):
    head = {"b": "2.41", "npart": "359", "mult": "161.2", "e2": "0.11", "e3": "0.02", "e4": "0.04", "e5": "0.05"}
    lines = ["# event 0", *(f"# {key:5s} = {value}" for key, value in head.items())]
    return "\n".join([*lines, *(" ".join(f"{0.1 * (i + j):g}" for i in range(size)) for j in range(size))]) + "\n"
