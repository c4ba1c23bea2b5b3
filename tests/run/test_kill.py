"""Whatever kills a run, the resumed one returns the same bits."""

import signal

import pytest

from retrodict.run.directory import RunDirectory
from retrodict.run.faults import POINTS
from tests.run.killing import CHUNK, INTERRUPTED, finish, kill_at_point, signal_at_step

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The digest of a run that nobody disturbed."""
    code, digest = finish(tmp_path_factory.mktemp("clean") / "run")
    assert code == 0
    return digest


def test_five_kills_at_five_planted_points_of_one_run_change_no_bit(tmp_path, clean):
    for visit, point in enumerate(POINTS, start=2):
        assert kill_at_point(tmp_path / "run", point, visit), point
        assert RunDirectory(tmp_path / "run").status()["state"] == "running"
    assert finish(tmp_path / "run") == (0, clean)
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_a_kill_before_the_first_checkpoint_starts_again(tmp_path, clean):
    assert kill_at_point(tmp_path / "run", "temporary-written", 1)
    assert finish(tmp_path / "run") == (0, clean)


@pytest.mark.slow
@pytest.mark.parametrize("visit", [1, 9])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_each_planted_point_changes_no_bit(tmp_path, clean, point, visit):
    assert kill_at_point(tmp_path / "run", point, visit)
    assert finish(tmp_path / "run") == (0, clean)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_request_to_stop_is_heeded_with_a_checkpoint_and_exit_75(tmp_path, clean, number):
    code, seconds = signal_at_step(tmp_path / "run", 4 * CHUNK, number)
    assert code == INTERRUPTED
    assert seconds < 10
    status = RunDirectory(tmp_path / "run").status()
    assert (status["state"], status["exit_code"]) == ("stopped", INTERRUPTED)
    assert number.name in status["error"]
    assert status["step"] >= 4 * CHUNK
    assert finish(tmp_path / "run") == (0, clean)
