"""What a user says of a file, on the command line and in a config: `--columns`, `--set`, and files beside the data."""

import json

import h5py
import numpy as np
import pytest
from tests.neutron_star.readers import corpus

from retrodict.base.errors import InputError
from retrodict.cli.config import load_config
from retrodict.cli.main import execute
from retrodict.neutron_star.mock import MockStars, mock_observations

TAU = np.arange(1.0, 9.0)
MEAN = np.exp(-0.4 * TAU)
MEASURED = np.exp(-0.4 * np.arange(16.0)) * (1 + 0.02 * np.random.default_rng(0).normal(size=(60, 16)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with files, in which the user is."""
    monkeypatch.chdir(tmp_path)
    with h5py.File("two.h5", "w") as file:
        file["pion"], file["rho"] = MEASURED, MEASURED**1.5
    np.savetxt("bare.dat", np.stack([TAU, MEAN, 0.01 * MEAN], axis=1))
    np.savetxt("means.csv", np.stack([TAU, MEAN], axis=1), delimiter=",", header="tau,G", comments="")
    correlation = 0.5 ** np.abs(TAU[:, None] - TAU)
    np.savetxt("cov.txt", 1e-4 * correlation * np.outer(MEAN, MEAN))
    rng = np.random.default_rng(0)
    merger = np.stack([rng.uniform(1.4, 1.7, 80), rng.uniform(1.1, 1.35, 80), *rng.uniform(100, 900, (2, 80))], axis=1)
    header = "m1_detector_frame_Msun m2_detector_frame_Msun lambda1 lambda2"
    np.savetxt("gw.dat", merger, header=header, comments="")
    return tmp_path


def new(*arguments):
    return execute(["new", *arguments])


def test_a_correlator_is_chosen_before_the_data_are_looked_at(folder, capsys):
    assert new("spectral", "a", "--data", "two.h5") == 2
    assert "--set dataset=pion" in capsys.readouterr().err
    assert not (folder / "a").exists()
    assert new("spectral", "a", "--data", "two.h5", "--set", "dataset=rho", "--set", "kernel=zero-temperature") == 0
    problem = load_config(folder / "a" / "config.yaml").resolved["problem"]
    assert (problem["dataset"], problem["kernel"]) == ("rho", "zero-temperature")
    assert (folder / "a" / "data" / "two.h5").is_file()


def test_a_word_that_is_also_the_name_of_a_file_stays_a_word(folder):
    (folder / "rho").write_text("something else")
    assert new("spectral", "a", "--data", "two.h5", "--set", "dataset=rho", "--set", "kernel=zero-temperature") == 0
    assert load_config(folder / "a" / "config.yaml").resolved["problem"]["dataset"] == "rho"
    assert [path.name for path in (folder / "a" / "data").iterdir()] == ["two.h5"]


def test_a_covariance_beside_the_data_is_found_where_the_user_is_and_copied(folder, capsys):
    assert new("spectral", "b", "--data", "means.csv") == 2
    assert "covariance" in capsys.readouterr().err
    assert new("spectral", "b", "--data", "means.csv", "--set", "covariance=cov.txt") == 0
    config = load_config(folder / "b" / "config.yaml")
    assert config.resolved["problem"]["covariance"] == str(folder / "b" / "data" / "cov.txt")
    assert {path.name for path in config.inputs} == {"means.csv", "cov.txt"}


def test_columns_are_named_by_an_option_and_kept_in_the_config(folder, capsys):
    assert execute(["inspect", "bare.dat", "--columns", "tau [GeV^-1], G, sigma", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["columns"]["tau"]["unit"]) == ("correlator", "GeV^-1")
    assert new("spectral", "c", "--data", "bare.dat", "--columns", "tau [GeV^-1], G, sigma") == 0
    config = load_config(folder / "c" / "config.yaml")
    assert config.resolved["problem"]["columns"] == "tau [GeV^-1], G, sigma"
    np.testing.assert_allclose(config.problem.likelihood.data, MEAN, rtol=1e-12)


def test_the_redshift_of_a_merger_is_said_by_an_option_or_in_the_config(folder, capsys):
    assert new("neutron_star", "d", "--data", "gw.dat") == 2
    assert "--set redshift=0.0099" in capsys.readouterr().err
    assert execute(["inspect", "gw.dat", "--set", "redshift=0.0099", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"]["mass_1"]["largest"] < 1.7 / 1.0099
    assert "redshift: 0.0099" in found["config"]
    assert new("neutron_star", "d", "--data", "gw.dat", "--set", "redshift=0.0099") == 0
    (entry,) = load_config(folder / "d" / "config.yaml").resolved["problem"]["tides"]
    assert entry["redshift"] == 0.0099
    assert entry["file"] == str(folder / "d" / "data" / "gw.dat")
    assert "divided by 1 + z" in capsys.readouterr().err


def test_what_a_reader_does_not_know_is_refused_with_what_it_knows(folder, capsys):
    assert execute(["inspect", "means.csv", "--set", "covariance=cov.txt"]) == 0
    capsys.readouterr()
    assert execute(["inspect", "means.csv", "--set", "redshift=0.1"]) == 2
    assert "columns, dataset, covariance" in capsys.readouterr().err


def test_a_folder_of_configurations_is_data_of_a_config(folder):
    (folder / "runs").mkdir()
    complex_type = np.dtype([("re", "f8"), ("im", "f8")])
    for number, row in enumerate(MEASURED):
        with h5py.File(folder / "runs" / f"pt.{number}.h5", "w") as file:
            file["meson/meson_0/corr"] = np.array([(x, 0.0) for x in row], dtype=complex_type)
    assert new("spectral", "e", "--data", "runs", "--set", "kernel=zero-temperature") == 0
    assert len(list((folder / "e" / "data" / "runs").iterdir())) == len(MEASURED)
    assert load_config(folder / "e" / "config.yaml").problem.likelihood.data.shape == (16,)
    assert execute(["check", "e/config.yaml"]) == 0


def test_notes_of_a_reader_stand_in_the_problem(folder):
    rng = np.random.default_rng(0)
    samples = np.stack([rng.normal(1.4, 0.1, 200), rng.normal(12.0, 0.8, 200), rng.normal(size=200)], axis=1)
    np.savetxt("star.csv", samples, delimiter=",", header="mass,radius,spin", comments="")
    assert new("neutron_star", "f", "--data", "star.csv") == 0
    problem = load_config(folder / "f" / "config.yaml").problem
    assert "samples.star: columns not used: spin" in problem.notes


def test_an_equation_of_state_makes_mock_stars_whose_truth_is_known(folder, capsys):
    corpus.write_csv(folder / "sly.csv", corpus.sly(200, 1e7))
    assert new("neutron_star", "g", "--data", "sly.csv", "--set", "mock.radius_error=0.2") == 0
    assert "no observation: mock stars" in capsys.readouterr().err
    config = load_config(folder / "g" / "config.yaml")
    assert config.resolved["problem"]["pulsars"] == []
    problem = config.problem
    assert list(problem.likelihood.parts) == ["mock"] if hasattr(problem.likelihood, "parts") else True
    stars = mock_observations(MockStars(folder / "sly.csv", masses=(1.4,) * 400, radius_error=0.2, seed=1))
    assert stars.radius.mean() == pytest.approx(11.706, abs=0.03)
    assert stars.radius.std() == pytest.approx(0.2, rel=0.1)
    assert stars.mass.std() == pytest.approx(0.05, rel=0.1)
    with pytest.raises(InputError, match="no such star"):
        mock_observations(MockStars(folder / "sly.csv", masses=(2.5,)))
