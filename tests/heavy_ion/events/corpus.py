"""Bad files of events: good ones of each format with one thing wrong in each, and files that claim or link."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np

from retrodict.heavy_ion.events.reading import read_any
from tests.heavy_ion.events import grammars
from tests.hostile_files import (
    Bad,
    Form,
    Hostile,
    byte_cases,
    byte_faults,
    change_hdf5,
    hostile_cases,
    hostile_hdf5,
    raw,
)

GIVEN = grammars.events((4, 3, 5), seed=2)
PIONS = [
    grammars.Event(np.array([211, -211] * 4), np.random.default_rng(i).normal(0, 0.4, (8, 3)), 2.0) for i in range(3)
]


def line(text: str, place: int, change: Callable[[str], str]) -> str:
    """One line is changed; counted from the end if negative."""
    lines = text.splitlines()
    lines[place] = change(lines[place])
    return "\n".join(each for each in lines if each is not None) + "\n"


def without(text: str, *places: int) -> str:
    lines = text.splitlines()
    gone = {place % len(lines) for place in places}
    return "\n".join(each for i, each in enumerate(lines) if i not in gone) + "\n"


def cell(text: str, row: int, place: int, value: str) -> str:
    def change(old: str) -> str:
        cells = old.split()
        cells[place] = value
        return " ".join(cells)

    return line(text, row, change)


def scaled(text: str, places: tuple[int, ...], factor: float, width: int = 12) -> str:
    """Some columns of all rows are multiplied: what a file in another unit looks like."""
    out = []
    for each in text.splitlines():
        cells = each.split()
        if len(cells) == width and not each.startswith("#"):
            for place in places:
                cells[place] = f"{factor * float(cells[place]):.9g}"
        out.append(" ".join(cells) if not each.startswith("#") else each)
    return "\n".join(out) + "\n"


def texts() -> dict[str, str]:
    """Every bad text."""
    new, old, mid = grammars.oscar_2013(GIVEN), grammars.oscar_1997(GIVEN), grammars.oscar_1999_smash(GIVEN)
    pions, uni, jet = grammars.oscar_2013(PIONS), grammars.urqmd(GIVEN), grammars.jetscape(GIVEN)
    table, grid = grammars.trento_table(), grammars.trento_grid()
    member = grammars.oscar_2013(GIVEN, version="SMASH-3.2")
    header = 17  # lines of UrQMD's
    return {
        # versions and contents
        "oscar-1997-of-another-year": old.replace("OSC1997A", "OSC1998A"),
        "oscar-1997-history": old.replace("final_id_p_x", "full_event_history"),
        "oscar-1999-b": mid.replace("OSC1999A", "OSC1999B"),
        "oscar-1999-of-photons": mid.replace("final_id_p_x", "Photons"),
        "oscar-2014": new.replace("OSCAR2013", "OSCAR2014"),
        "oscar-2013-dileptons": new.replace("particle_lists", "Dileptons"),
        "oscar-2013-without-names": line(new, 0, lambda old: "#!OSCAR2013 particle_lists"),
        "oscar-2013-without-pdg": line(new, 0, lambda old: old.replace("pdg", "species")),
        "oscar-2013-without-energy": line(new, 0, lambda old: old.replace("p0", "q0").replace("mass", "m0")),
        "oscar-2013-a-name-twice": line(new, 0, lambda old: old.replace(" t ", " px ")),
        "jetscape-v9": jet.replace("v2", "v9"),
        "urqmd-f15": uni.replace("output_file  14", "output_file  15"),
        "urqmd-f16": uni.replace("output_file  14", "output_file  16"),
        "urqmd-without-a-file": uni.replace("output_file", "file"),
        "trento-3d": "0 3.1 300 150 150 51.2 1.5 0.1 0.2\n",
        # truncated
        "oscar-2013-cut-in-an-event": without(new, -1, -2, -3),
        "oscar-2013-cut-before-the-end": without(new, -1),
        "oscar-2013-cut-in-a-row": new[: new.rindex(" 1.5 ")] + "\n",
        "oscar-2013-header-alone": "\n".join(new.splitlines()[:3]) + "\n",
        "oscar-2013-one-end-lost": without(new, 8),
        "oscar-2013-ensemble-end-lost": without(member, 8),
        "oscar-1997-cut": without(old, -1, -2),
        "oscar-1997-header-alone": "\n".join(old.splitlines()[:2]) + "\n",
        "oscar-1999-cut": without(mid, -1, -2),
        "oscar-1999-no-end": without(mid, -1),
        "urqmd-cut": without(uni, -1, -2),
        "urqmd-header-cut": "\n".join(uni.splitlines()[:9]) + "\n",
        "urqmd-header-alone": "\n".join(uni.splitlines()[:header]) + "\n",
        "urqmd-no-counters": "\n".join(uni.splitlines()[: header + 1]) + "\n",
        "jetscape-cut": without(jet, -1, -2, -3),
        "jetscape-header-alone": jet.splitlines()[0] + "\n",
        "trento-row-cut": table.rstrip()[:-14] + "\n",
        "trento-grid-cut": without(grid, -1),
        # counts
        "oscar-2013-count-too-small": new.replace("out 4", "out 3"),
        "oscar-2013-count-too-large": new.replace("out 4", "out 6"),
        "oscar-2013-count-of-a-word": new.replace("out 4", "out four"),
        "oscar-2013-count-negative": new.replace("out 4", "out -4"),
        "oscar-2013-count-enormous": new.replace("out 4", "out 400000000000"),
        "oscar-1997-count-too-small": line(old, 3, lambda old: old.replace("  4", "  3")),
        "oscar-1997-count-too-large": line(old, 3, lambda old: old.replace("  4", "  5")),
        "oscar-1999-count-too-small": mid.replace("4 0 0", "3 0 0"),
        "oscar-1999-count-too-large": mid.replace("4 0 0", "5 0 0"),
        "urqmd-count-too-small": line(uni, header, lambda old: " 3 200"),
        "urqmd-count-too-large": line(uni, header, lambda old: " 5 200"),
        "jetscape-count-too-small": jet.replace("N_hadrons\t4", "N_hadrons\t3"),
        "jetscape-count-too-large": jet.replace("N_hadrons\t4", "N_hadrons\t6"),
        "jetscape-no-count": jet.replace("N_hadrons", "hadrons"),
        "oscar-1999-no-final-state": mid.replace("\n4 0 0\n", "\n0 4 0\n"),
        # rows
        "oscar-2013-a-row-too-short": line(new, 5, lambda old: old.rsplit(" ", 1)[0]),
        "oscar-2013-a-row-too-long": line(new, 5, lambda old: old + " 1"),
        "oscar-2013-rows-that-balance": line(line(new, 5, lambda o: o + " 1"), 6, lambda o: o.rsplit(" ", 1)[0]),
        "oscar-2013-a-word": cell(new, 5, 6, "large"),
        "oscar-2013-nan": cell(new, 5, 6, "nan"),
        "oscar-2013-infinite": cell(new, 5, 5, "inf"),
        "oscar-2013-empty-row": line(new, 5, lambda old: ""),
        "oscar-1997-a-row-too-short": line(old, 5, lambda old: old[:-30]),
        "oscar-1997-visualisation": line(old, 3, lambda old: old + " 12 0.5"),
        "jetscape-a-row-too-long": line(jet, 3, lambda old: old + " 7"),
        "urqmd-other-columns": "\n".join(uni.splitlines()[: header + 2] + ["1 2 3 4 5"] * 4) + "\n",
        # species
        "oscar-2013-unknown-species": cell(new, 5, 9, "999"),
        "oscar-2013-species-of-no-whole-number": cell(new, 5, 9, "211.5"),
        "oscar-2013-species-zero": cell(new, 5, 9, "0"),
        "jetscape-unknown-species": cell(jet, 3, 1, "9902210"),
        "urqmd-unknown-species": cell(uni, header + 2, 9, "60"),
        "urqmd-isospin-that-it-has-not": cell(cell(uni, header + 2, 9, "101"), header + 2, 10, "1"),
        "urqmd-charge-of-another": cell(
            cell(cell(uni, header + 2, 9, "101"), header + 2, 10, "2"), header + 2, 11, "-1"
        ),
        # units
        "oscar-2013-pt-in-mev": scaled(pions, (6, 7), 1e3),
        "oscar-2013-momenta-in-mev": scaled(pions, (6, 7, 8), 1e3),
        "oscar-2013-energies-in-mev": scaled(pions, (5,), 1e3),
        "oscar-2013-all-in-mev": scaled(pions, (4, 5, 6, 7, 8), 1e3),
        "oscar-2013-units-that-say-mev": pions.replace("GeV", "MeV"),
        "oscar-2013-columns-exchanged": line(pions, 0, lambda old: old.replace("p0 px", "px p0")),
        "jetscape-in-mev": scaled(grammars.jetscape(PIONS), (3, 4, 5, 6), 1e3, width=7),
        "trento-eccentricity-above-one": table.replace(" 0.", " 1.", 1).replace(" 0.", " 2.", 1),
        "trento-participants-and-a-half": grid.replace("npart = 359", "npart = 359.5"),
        "trento-one-participant": grid.replace("npart = 359", "npart = 1"),
        "trento-negative-density": cell(grid, -1, 0, "-0.5"),
        "trento-without-mult": without(grid, 3),
        "a-row-before-the-first-event": line(new, 2, lambda old: old + "\n" + new.splitlines()[4]),
        "a-strange-comment": line(new, 3, lambda old: "# evnt 0 out 4"),
    }


def good_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for i in range(3):
            dataset = file.create_dataset(f"event_{i}", data=np.ones((4, 4)))
            dataset.attrs.update({"b": 1.0, "npart": 20 + i, "mult": 9.0, "e2": 0.1, "e3": 0.2, "e4": 0.1, "e5": 0.1})


def _removed(file: h5py.File) -> None:
    del file["event_1"]


def _without_b(file: h5py.File) -> None:
    del file["event_1"].attrs["b"]


def _three(file: h5py.File) -> None:
    for i in range(3):
        del file[f"event_{i}"]
        file[f"event_{i}"] = np.ones((2, 2, 2))


def _other_shape(file: h5py.File) -> None:
    del file["event_1"]
    file["event_1"] = np.ones((2, 2))


HOSTILE: list[Hostile] = [
    *((name, "trento.h5", write, read_any) for name, write in hostile_hdf5(good_hdf5, "event_0_more", (4,)).items()),
    ("hdf5-event-removed", "trento.h5", change_hdf5(good_hdf5, _removed), read_any),
    ("hdf5-without-b", "trento.h5", change_hdf5(good_hdf5, _without_b), read_any),
    ("hdf5-three-dimensions", "trento.h5", change_hdf5(good_hdf5, _three), read_any),
    ("hdf5-other-shape", "trento.h5", change_hdf5(good_hdf5, _other_shape), read_any),
    ("smash-binary", "particles.bin", raw(b"SMSH\x0a\x00\x00\x00\x09\x00\x00\x00SMASH-3.2" + bytes(200)), read_any),
]
FORM = Form(
    "oscar-2013",
    "events.oscar",
    lambda: {},
    lambda path, arrays: path.write_text(grammars.oscar_2013(GIVEN)) and None,
    read_any,
)


def _write(text: str, folder: Path, marker: Path) -> Path:
    path = folder / "events.dat"
    path.write_text(text)
    return path


def cases() -> Iterator[Bad]:
    """Every bad file with the reader that refuses it."""
    for name, text in texts().items():
        yield Bad(name, partial(_write, text), read_any)
    yield from byte_cases(FORM, byte_faults(grammars.oscar_2013(GIVEN)))
    yield from hostile_cases(HOSTILE)
