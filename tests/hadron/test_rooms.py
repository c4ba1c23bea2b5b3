"""What every analysis of the domain keeps: a config that builds, and a word for tables without a header."""

import dataclasses
import inspect

import pytest

from retrodict.base.domain import resolve
from retrodict.cli.main import execute
from retrodict.hadron.rooms import ROOMS


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.analysis.rpartition(":")[2])
def test_a_user_can_name_the_columns_of_a_table(room):
    assert "columns" in {field.name for field in dataclasses.fields(resolve(room.analysis))}
    for reader in room.readers:
        assert "columns" in inspect.signature(resolve(reader.describe)).parameters


def test_a_table_without_a_header_becomes_a_config_by_the_names_that_are_given(tmp_path):
    table = tmp_path / "w.csv"
    table.write_text("".join(f"{100 * (1 + i % 2)},{1 + 0.5 * i},0.5,0.01\n" for i in range(8)))
    said = ("--columns", "k [MeV], r [fm], phi, error", "--set", "reduced_mass=470")
    assert execute(["new", "hadron", str(tmp_path / "study"), "--data", str(table), *said]) == 0
    assert "columns: k [MeV], r [fm], phi, error" in (tmp_path / "study" / "config.yaml").read_text()
