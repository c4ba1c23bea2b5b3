"""A run goes on from the configurations of a file or of another run, and refuses those of another theory or lattice."""

import equinox as eqx
import jax
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.cli.config.load import load_config
from retrodict.cli.main import execute
from retrodict.inference.infer import infer
from retrodict.lattice.core.configurations import FILE
from retrodict.lattice.io import files
from retrodict.lattice.io.gauge_field import compute_layout
from retrodict.lattice.samplers.methods import HMC, Langevin
from retrodict.lattice.theories.groups import SU3
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.lattice.theories.wilson import Wilson
from tests.lattice.io import encoders

PHI4 = Phi4((4, 4), kappa=0.2, lam=0.02)
GAUGE = Wilson(SU3(), (2, 2, 2, 4), beta=5.5)
LINKS = encoders.random_links(0, (2, 2, 2, 4))
FIELDS = np.random.default_rng(0).standard_normal((3, 4, 4))


def started(path, action, chains=5):
    method = HMC(chains=chains, start=path)
    method.check(action)
    return np.asarray(method.init(action, jr.key(0)).field)


def test_each_chain_takes_one_configuration_in_turn(tmp_path):
    np.save(tmp_path / "fields.npy", FIELDS)
    assert_array_equal(started(tmp_path / "fields.npy", PHI4), FIELDS[[0, 1, 2, 0, 1]])
    np.save(tmp_path / "one.npy", FIELDS[0])
    assert_array_equal(started(tmp_path / "one.npy", PHI4, chains=2), FIELDS[[0, 0]])


@pytest.mark.parametrize("encode", [encoders.nersc, encoders.ildg, encoders.scidac, encoders.openqcd])
def test_gauge_links_of_any_format_are_a_start_in_the_precision_of_the_action(encode, tmp_path):
    (tmp_path / "conf").write_bytes(encode(LINKS))
    assert_allclose(started(tmp_path / "conf", GAUGE, 2), np.stack([compute_layout(LINKS)] * 2), atol=1e-13)
    single = Wilson(SU3(), (2, 2, 2, 4), beta=5.5, precision=32)
    assert started(tmp_path / "conf", single, 1).dtype == np.complex64


def test_what_is_compiled_reads_the_file_when_it_starts(tmp_path):
    """Not when it was compiled: a file that another run has written again is the one that counts."""
    method, begin = (
        HMC(chains=3, start=tmp_path / "fields.npy"),
        eqx.filter_jit(lambda m: m.init(PHI4, jr.key(0)).field),
    )
    for fields in (FIELDS, -FIELDS):
        np.save(tmp_path / "fields.npy", fields)
        assert_array_equal(begin(method), fields)


def test_a_run_goes_on_where_another_has_ended_also_with_other_couplings(tmp_path):
    infer(PHI4, HMC(chains=4, warmup=0, draws=4), seed=0, path=tmp_path / "first", progress=False)
    last = files.read_configurations(tmp_path / "first" / FILE).fields
    still = Langevin(chains=4, warmup=0, draws=4, size=1e-12, start=tmp_path / "first")
    result = infer(Phi4((4, 4), kappa=0.21, lam=0.02), still, seed=1, path=tmp_path / "second", progress=False)
    assert_allclose(result.tree["posterior"]["M"].values[:, 0], last.mean(axis=(1, 2)), atol=1e-5)
    assert any("all chains start from" in note for note in result.verdict.notes)


def test_a_config_names_a_file_or_a_run(tmp_path):
    np.save(tmp_path / "fields.npy", FIELDS)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "result.json").write_text("{}")
    text = "domain: lattice\nproblem: {theory: {kind: Phi4, shape: [4, 4], kappa: 0.2, lam: 0.02}}\n"
    for name, recorded in (("fields.npy", "fields.npy"), ("run", "run/result.json")):
        (tmp_path / "config.yaml").write_text(f"{text}method: {{kind: HMC, start: {name}}}\n")
        config = load_config(tmp_path / "config.yaml")
        assert config.method.start == tmp_path.resolve() / name
        assert config.inputs == (tmp_path.resolve() / recorded,)


def test_a_run_does_not_discard_what_it_starts_from(tmp_path, capsys):
    np.save(tmp_path / "fields.npy", FIELDS)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / FILE).write_bytes(PHI4.files(FIELDS)[FILE])
    for name in ("result.json", "manifest.json", "status.json"):
        (folder / name).write_text("{}")
    text = "domain: lattice\nproblem: {theory: {kind: Phi4, shape: [4, 4], kappa: 0.2, lam: 0.02}}\n"
    (tmp_path / "config.yaml").write_text(f"{text}method: {{kind: HMC, start: run}}\n")
    assert execute(["run", str(tmp_path / "config.yaml"), "--out", str(folder), "--force"]) == 2
    assert "would discard what it starts from" in capsys.readouterr().err
    assert (folder / FILE).is_file()


def written(tmp_path, action, fields):
    (tmp_path / FILE).write_bytes(action.files(fields)[FILE])
    return tmp_path / FILE


@pytest.mark.parametrize(
    ("action", "make", "words"),
    [
        (PHI4, lambda p: written(p, Phi4((2, 8), 0.2, 0.02), FIELDS.reshape(3, 2, 8)), "do not belong to this action"),
        (PHI4, lambda p: written(p, XY((4, 4), 1.0), FIELDS), "XY on"),
        (PHI4, lambda p: p, "no run that kept its configurations"),
        (PHI4, lambda p: np.save(p / "a.npy", FIELDS[:, :2]) or p / "a.npy", "the shape"),
        (PHI4, lambda p: np.save(p / "a.npy", np.full((4, 4), np.nan)) or p / "a.npy", "not finite"),
        (PHI4, lambda p: (p / "c").write_bytes(encoders.ildg(LINKS)) and p / "c", "SU\\(3\\) links on"),
        (GAUGE, lambda p: (p / "c").write_bytes(encoders.ildg(encoders.random_links())) and p / "c", "links on"),
        (
            GAUGE,
            lambda p: (p / "c").write_bytes(encoders.openqcd(encoders.open_links(0, (2, 2, 2, 4)))) and p / "c",
            "not a periodic configuration",
        ),
        (GAUGE, lambda p: p / "nothing", "no such file"),
    ],
)
def test_other_configurations_are_refused_before_anything_runs(action, make, words, tmp_path):
    with pytest.raises(InputError, match=words):
        HMC(chains=2, start=make(tmp_path)).check(action)


def test_without_a_start_half_of_the_chains_are_ordered():
    fields = HMC(chains=4).init(PHI4, jr.key(0)).field
    assert_array_equal(fields[:2], np.broadcast_to(PHI4.cold(), (2, 4, 4)))
    assert jax.numpy.ptp(fields[2:]) > 0
