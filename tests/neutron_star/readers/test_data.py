"""Observations, samples and equations of state: read with their units, checked, and written so that nothing is lost."""

import hashlib
import json

import numpy as np
import pytest

from retrodict.base.columns import read_columns
from retrodict.base.constants import ATOMIC_MASS_UNIT, MEV_FM3_IN_DYN_CM2, MEV_FM3_IN_GRAM_CM3, MEV_FM3_IN_INVERSE_KM2
from retrodict.base.errors import InputError
from retrodict.base.files import parse_yaml
from retrodict.cli.inspect import look
from retrodict.neutron_star.readers import data
from retrodict.neutron_star.readers.eos_table import superluminal_from, transitions
from retrodict.neutron_star.readers.inspect import inspect
from retrodict.neutron_star.readers.tidal_samples import combined_deformability
from tests.neutron_star.readers import corpus

EIGHTEEN = """1.42(49) 11.71(2.48); 1.08(30) 8.89(1.16); 1.44(48) 12.04(2.30); 1.41(54) 11.75(3.47);
1.25(39) 11.48(1.73); 1.23(38) 9.80(1.76); 1.60(31) 10.36(1.98); 1.79(26) 11.47(1.53); 1.76(26) 11.31(1.75);
1.59(24) 10.40(1.56); 1.59(37) 10.44(2.17); 1.70(30) 11.25(1.78); 1.18(37) 10.05(1.16); 1.37(37) 10.87(1.24);
1.90(30) 12.40(0.40); 1.44(7) 13.60(0.85); 1.44(15) 13.02(1.15); 2.08(7) 13.70(2.05)"""


def eighteen() -> np.ndarray:
    """The table as it is printed: mass, its error in the last digits, radius, its error."""
    rows = [star.replace("(", " ").replace(")", "").split() for star in EIGHTEEN.split(";")]
    return np.array([[float(m), int(dm) / 100, float(r), float(dr)] for m, dm, r, dr in rows])


def write(folder, arrays, name="table.csv"):
    corpus.write_csv(folder / name, arrays)
    return folder / name


# --- the observations that ship ---------------------------------------------------------------------------------------


def test_the_eighteen_observations_are_those_of_the_source_in_its_order():
    stars = data.observations("classic18")
    table = np.stack([stars.mass, stars.mass_error, stars.radius, stars.radius_error], axis=1)
    np.testing.assert_array_equal(table, eighteen())
    assert len(set(stars.names)) == len(stars) == 18
    assert all(stars.sources)


def test_the_second_set_differs_in_one_star_alone():
    old, new = data.observations("classic18"), data.observations("2025")
    changed = [i for i in range(18) if (old.mass[i], old.radius[i]) != (new.mass[i], new.radius[i])]
    (i,) = changed
    assert new.names[i] == old.names[i] == "PSR J0437-4715"
    assert (new.mass[i], new.mass_error[i], new.radius[i]) == (1.42, 0.04, 11.36)
    assert (new.radius_error_plus[i], new.radius_error_minus[i]) == (0.95, 0.63)
    others = np.arange(18) != i
    np.testing.assert_array_equal(old.radius_error[others], new.radius_error[others])


def test_an_unknown_set_is_an_error_that_names_the_known_ones():
    with pytest.raises(InputError, match="classic18"):
        data.observations("classic")


def test_a_table_of_stars_may_be_named_by_text_or_by_path(tmp_path):
    path = tmp_path / "stars.csv"
    corpus.write_csv(path, corpus.stars())
    for name in (path, str(path)):
        np.testing.assert_array_equal(data.observations(name).mass, corpus.stars()["mass"])
    with pytest.raises(InputError, match=r"stars\.txt"):
        data.observations("stars.txt")


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [2, 3, 0, 1], [3, 1, 2, 0]])
def test_columns_are_known_by_their_names_in_any_order(tmp_path, order):
    stars = corpus.stars()
    names = list(stars)
    read = data.read_observations(write(tmp_path, {names[i]: stars[names[i]] for i in order}))
    for name, values in stars.items():
        np.testing.assert_array_equal(getattr(read, name), values)
    assert read.file.sha256 == hashlib.sha256((tmp_path / "table.csv").read_bytes()).hexdigest()


def test_radii_in_metres_are_taken_at_their_word(tmp_path):
    stars = corpus.stars()
    text = corpus.csv_text({**stars, "radius": stars["radius"] * 1e3}).replace("radius [km]", "radius [m]")
    (tmp_path / "x.csv").write_text(text)
    np.testing.assert_allclose(data.read_observations(tmp_path / "x.csv").radius, stars["radius"], rtol=1e-15)


def test_asymmetric_errors_are_kept_and_their_mean_is_the_error(tmp_path):
    (tmp_path / "x.csv").write_text(
        "name, mass, mass_error_plus, mass_error_minus, radius, radius_error\nA, 1.4, .3, .1, 12, 1\n"
    )
    stars = data.read_observations(tmp_path / "x.csv")
    assert (stars.mass_error_minus[0], stars.mass_error_plus[0], stars.names) == (0.1, 0.3, ("A",))
    assert stars.mass_error[0] == pytest.approx(0.2, rel=1e-15)
    (tmp_path / "y.csv").write_text("mass, mass_error_plus, radius, radius_error\n1.4, .3, 12, 1\n")
    with pytest.raises(InputError, match="mass_error_minus is missing"):
        data.read_observations(tmp_path / "y.csv")


def test_swapped_mass_and_radius_are_named_as_such_with_the_line(tmp_path):
    stars = corpus.stars()
    with pytest.raises(InputError, match=r"swapped[\s\S]*table\.csv:2"):
        data.read_observations(write(tmp_path, {**stars, "mass": stars["radius"], "radius": stars["mass"]}))


def test_samples_without_names_need_them_and_then_obey_them(tmp_path):
    path, samples = tmp_path / "post_equal_weights.dat", corpus.samples()
    corpus.write_bare(path, samples)
    with pytest.raises(InputError, match="no names"):
        data.read_mass_radius_samples(path)
    read = data.read_mass_radius_samples(path, "mass, radius")
    np.testing.assert_array_equal(read.radius, samples["radius"])
    np.testing.assert_allclose(read.weight, 1.0 / len(read), rtol=1e-13)
    with pytest.raises(InputError, match="swapped"):
        data.read_mass_radius_samples(path, "radius, mass")


@pytest.mark.parametrize("names", ["mass,mass_err,radius,radius_err", "M,dM,R,dR", "m,sigma_m,r,sigma_r"])
def test_errors_by_other_names_make_measured_stars_and_never_samples(tmp_path, names):
    rows = [f"{1.2 + 0.01 * (i % 7):.2f},0.1,{12 + 0.1 * (i % 5):.1f},{0.5 + 0.01 * i:.2f}" for i in range(60)]
    path = tmp_path / "stars.csv"
    path.write_text("\n".join([names, *rows]))
    found = inspect(path)
    assert (found["kind"], found["rows"]) == ("mass_radius_observations", 60)
    stars = data.read_observations(path)
    np.testing.assert_allclose(stars.mass_error, 0.1)
    np.testing.assert_allclose(stars.radius_error, 0.5 + 0.01 * np.arange(60))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("weight_of_prior", "looks like a weight"),
        ("log_weight", "looks like a weight"),
        ("Lambda", "looks like a tidal deformability"),
        ("k2", "looks like a tidal deformability"),
        ("radius_unc_68", "looks like an error"),
    ],
)
def test_samples_do_not_lose_a_column_that_may_matter(tmp_path, extra, words):
    mass, radius, third = np.random.default_rng(0).normal([[1.4], [12.0], [1.0]], 0.1, (3, 200))
    path = tmp_path / "samples.csv"
    np.savetxt(path, np.stack([mass, radius, third], 1), delimiter=",", header=f"mass,radius,{extra}", comments="")
    with pytest.raises(InputError, match=words):
        data.read_mass_radius_samples(path)
    np.savetxt(path, np.stack([mass, radius, third], 1), delimiter=",", header="mass,radius,spin", comments="")
    assert len(data.read_mass_radius_samples(path)) == 200


def test_a_curve_is_no_cloud_of_samples_and_a_chain_or_sorted_samples_are(tmp_path):
    path, random = tmp_path / "curve.csv", np.random.default_rng(1)

    def written(mass, radius):
        np.savetxt(path, np.stack([mass, radius], 1), delimiter=",", header="mass,radius", comments="")
        return path

    mass = np.linspace(0.6, 2.0, 100)
    with pytest.raises(InputError, match="a mass-radius curve, not posterior samples"):
        data.read_mass_radius_samples(written(mass, 12.5 - 0.4 * (mass - 1.2) ** 2))
    walk = np.cumsum(random.normal(0, [[0.002], [0.01]], (2, 400)), 1) + np.array([[1.4], [12.0]])
    cloud = random.normal([[1.4], [12.0]], [[0.1], [0.8]], (2, 400))
    for mass, radius in (walk, cloud, (np.sort(cloud[0]), cloud[1])):
        assert len(data.read_mass_radius_samples(written(mass, radius))) == 400


def test_weights_are_scaled_to_a_sum_of_one(tmp_path):
    samples = {**corpus.samples(), "weight": np.linspace(0.0, 5e307, 80)}
    read = data.read_mass_radius_samples(write(tmp_path, samples))
    assert read.weight.sum() == pytest.approx(1.0, rel=1e-13)
    assert read.weight[0] == 0.0
    with pytest.raises(InputError, match="weight is negative"):
        data.read_mass_radius_samples(write(tmp_path, {**samples, "weight": -samples["weight"]}))


def test_equal_stars_with_equal_lambda_have_that_lambda_together():
    m, lam = np.array([1.4, 1.1]), np.array([300.0, 900.0])
    np.testing.assert_allclose(combined_deformability(m, m, lam, lam), lam, rtol=1e-14)


def test_components_are_ordered_and_combined(tmp_path):
    """GW170817-like: lambda_tilde from both components; where m2 > m1 the labels change places, with their lambdas."""
    m1, m2, l1, l2 = np.full(60, 1.3), np.full(60, 1.5), np.full(60, 700.0), np.full(60, 250.0)
    (tmp_path / "x").mkdir()
    arrays = {"m1": m1, "m2": m2, "lambda1": l1, "lambda2": l2}
    read = data.read_tidal_samples(write(tmp_path, arrays))
    assert read.lambda_1 is not None
    assert (read.mass_1[0], read.mass_2[0], read.lambda_1[0]) == (1.5, 1.3, 250.0)
    np.testing.assert_allclose(read.lambda_tilde, combined_deformability(m1, m2, l1, l2), rtol=1e-14)
    assert read.chirp_mass[0] == pytest.approx((1.5 * 1.3) ** 0.6 / 2.8**0.2, rel=1e-14)


def test_detector_frame_masses_are_divided_by_one_plus_z(tmp_path):
    arrays = {"mass_1": np.full(60, 1.5), "mass_2": np.full(60, 1.3), "lambda_tilde": np.full(60, 300.0)}
    path = write(tmp_path, arrays)
    assert data.read_tidal_samples(path, redshift=0.25).mass_1[0] == pytest.approx(1.2, rel=1e-15)
    with_shift = write(tmp_path, {**arrays, "redshift": np.full(60, 0.25)}, "z.csv")
    assert data.read_tidal_samples(with_shift).mass_2[0] == pytest.approx(1.04, rel=1e-15)


# --- equations of state -----------------------------------------------------------------------------------------------


def test_an_equation_of_state_is_written_and_read_to_the_last_bit(tmp_path):
    table = data.read_equation_of_state(write(tmp_path, corpus.sly()))
    data.write_equation_of_state(tmp_path / "again.csv", table)
    again = data.read_equation_of_state(tmp_path / "again.csv")
    for name in ("baryon_density", "energy_density", "pressure"):
        assert getattr(again, name).tobytes() == getattr(table, name).tobytes() == corpus.sly()[name].tobytes()


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("g cm^-3", MEV_FM3_IN_GRAM_CM3), ("erg/cm^3", MEV_FM3_IN_DYN_CM2), ("km^-2", MEV_FM3_IN_INVERSE_KM2)],
)
def test_other_units_are_the_same_matter(tmp_path, unit, factor):
    sly = corpus.sly()
    scaled = {"pressure": sly["pressure"] * factor, "energy_density": sly["energy_density"] * factor}
    text = corpus.csv_text({**scaled, "baryon_density": sly["baryon_density"] * 1e39})
    (tmp_path / "x.csv").write_text(text.replace("MeV fm^-3", unit).replace("fm^-3", "cm^-3", 1).replace("[fm", "[cm"))
    read = data.read_equation_of_state(tmp_path / "x.csv")
    for name, values in sly.items():
        np.testing.assert_allclose(getattr(read, name), values, rtol=1e-13)


def test_a_rest_mass_density_counts_baryons_in_atomic_mass_units(tmp_path):
    sly = corpus.sly()
    grams = sly["baryon_density"] * ATOMIC_MASS_UNIT * MEV_FM3_IN_GRAM_CM3
    path = tmp_path / "x.csv"
    text = corpus.csv_text({**sly, "baryon_density": grams})
    path.write_text(text.replace("baryon_density [fm^-3]", "rest_mass_density [g cm^-3]"))
    np.testing.assert_allclose(data.read_equation_of_state(path).baryon_density, sly["baryon_density"], rtol=1e-8)


def test_a_missing_baryon_density_follows_from_the_first_law(tmp_path):
    """SLy from 1e6 g cm^-3, where eps / n is the atomic mass unit to 4e-5: n follows, to second order in the rows."""
    worst = []
    for points in (400, 1600):
        sly = corpus.sly(points, 1e6)
        exact = sly.pop("baryon_density")
        read = data.read_equation_of_state(write(tmp_path, sly))
        ratio = read.baryon_density / exact
        assert ratio[0] == pytest.approx(1.0, abs=4e-5)
        worst.append(np.abs(ratio / ratio[0] - 1.0).max())
        assert any("integrated" in warning for warning in read.warnings)
    assert worst[0] < 3e-4
    assert worst[1] < worst[0] / 12.0


def test_the_first_law_is_checked_where_all_three_are_given(tmp_path):
    sly = corpus.sly(200)
    assert not [w for w in data.read_equation_of_state(write(tmp_path, sly)).warnings if "first law" in w]
    wrong = {**sly, "baryon_density": sly["baryon_density"] ** 1.01}
    assert [w for w in data.read_equation_of_state(write(tmp_path, wrong)).warnings if "first law" in w]


def test_rows_from_the_centre_outwards_are_turned_round(tmp_path):
    sly = corpus.sly()
    read = data.read_equation_of_state(write(tmp_path, {name: values[::-1] for name, values in sly.items()}))
    np.testing.assert_array_equal(read.pressure, sly["pressure"])


def hybrid(onset: float = 0.4, jump: float = 0.7, rows: int = 80) -> corpus.Arrays:
    """SLy up to `onset` [fm^-3], a jump of the energy density by the factor 1 + `jump`, then c_s^2 = 1."""
    sly = corpus.sly(200, 1e8)
    n, eps, p = (values[sly["baryon_density"] < onset] for values in sly.values())
    dense = np.linspace(eps[-1] * (1.0 + jump), eps[-1] * (1.0 + jump) + 2000.0, rows)
    pressure = p[-1] + dense - dense[0]
    start = n[-1] * (dense[0] + p[-1]) / (eps[-1] + p[-1])
    density = start * np.sqrt((dense + pressure) / (dense[0] + p[-1]))
    return {
        "baryon_density": np.append(n, density),
        "energy_density": np.append(eps, dense),
        "pressure": np.append(p, pressure),
    }


def test_rows_that_share_a_pressure_are_a_first_order_transition(tmp_path):
    table = data.read_equation_of_state(write(tmp_path, hybrid()))
    (jump,) = transitions(table)
    n, eps, p = corpus.sly(200, 1e8).values()
    last = np.flatnonzero(n < 0.4)[-1]
    assert jump["onset"] == n[last]
    assert jump["pressure"] == p[last]
    assert jump["energy_density_jump"] == pytest.approx(0.7 * eps[last], rel=1e-12)
    assert not table.warnings


def test_the_onset_of_superluminal_matter_is_found_between_the_rows(tmp_path):
    """SLy's last polytrope reaches c_s^2 = 1 at n = 1.208 fm^-3, whatever the spacing of the rows."""
    for points in (60, 200):
        table = data.read_equation_of_state(write(tmp_path, corpus.sly(points)))
        assert superluminal_from(table) == pytest.approx(1.208, rel=0.01)
        assert "superluminal above" in table.warnings[0]


def test_compose_is_written_and_read(tmp_path):
    table = data.read_equation_of_state(write(tmp_path, corpus.sly()))
    data.write_compose(tmp_path / "compose", table)
    for path in (tmp_path / "compose", tmp_path / "compose" / "eos.thermo", tmp_path / "compose" / "eos.nb"):
        again = data.read_equation_of_state(path)
        np.testing.assert_array_equal(again.baryon_density, table.baryon_density)
        np.testing.assert_allclose(again.energy_density, table.energy_density, rtol=1e-15)
        np.testing.assert_allclose(again.pressure, table.pressure, rtol=1e-15)


def test_of_a_compose_table_with_temperatures_the_coldest_is_taken(tmp_path):
    corpus.write_compose(tmp_path / "hot", sly := corpus.sly())
    (tmp_path / "hot" / "eos.t").write_text("0\n1\n0.1\n5.0\n")
    thermo = tmp_path / "hot" / "eos.thermo"
    head, *rows = thermo.read_text().splitlines()
    hot = ["1" + row[1:].replace(" 0 ", " 0 ", 1) for row in rows]
    thermo.write_text("\n".join([head, *hot, *rows, ""]))
    read = data.read_equation_of_state(tmp_path / "hot")
    np.testing.assert_allclose(read.pressure, sly["pressure"], rtol=1e-14)


def test_a_mass_radius_curve_is_written_with_its_units(tmp_path):
    mass, radius, lam = np.array([1.0, 1.4]), np.array([11.9, 11.7]), np.array([2000.1, 295.6])
    data.write_mass_radius_curve(tmp_path / "x.csv", mass=mass, radius=radius, tidal_deformability=lam)
    found = read_columns(tmp_path / "x.csv")
    assert found.names == ("mass", "radius", "tidal_deformability")
    assert found.units == ("Msun", "km", "")
    assert found.values.tobytes() == np.stack([mass, radius, lam], axis=1).tobytes()


# --- what is in a file ------------------------------------------------------------------------------------------------


WITHOUT_STARS = [form for form in corpus.FORMS if not form.name.startswith("eos") and form.name != "samples-npy"]


@pytest.mark.parametrize("form", WITHOUT_STARS, ids=lambda form: form.name)
def test_the_kind_of_a_file_is_seen_in_its_content_whatever_its_name(form, tmp_path):
    path = tmp_path / "misleading.h5"
    form.write(tmp_path / form.file, form.make())
    (tmp_path / form.file).rename(path)
    kinds = {"stars": "mass_radius_observations", "samples": "mass_radius_samples", "tides": "tidal_samples"}
    kind = "table_without_names" if form.name == "samples-bare" else kinds[form.name.split("-")[0]]
    found = look(path)
    assert found["kind"] == kind
    assert found["rows"] == len(next(iter(form.make().values())))
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["stars.csv", "my stars: #2.csv"])
def test_the_config_lines_are_yaml_and_name_the_file(tmp_path, name):
    for field, arrays in {"data": corpus.stars(), "samples": corpus.samples(), "tides": corpus.merger()}.items():
        path = write(tmp_path, arrays, name)
        value, _ = parse_yaml(inspect(path)["config"], "config")
        assert value == {"problem": {field: str(path) if field == "data" else [str(path)]}}


def test_names_are_proposed_for_a_table_without_and_not_assumed(tmp_path):
    corpus.write_bare(tmp_path / "x", {"radius": corpus.samples()["radius"], "mass": corpus.samples()["mass"]})
    found = look(tmp_path / "x")
    assert found["kind"] == "table_without_names"
    assert found["could_be"] == [{"header": "radius [km], mass [Msun]", "domain": "neutron_star"}]
    again = look(tmp_path / "x", said={"columns": found["header_to_add"]})
    assert (again["kind"], again["columns"]["mass"]["unit"]) == ("mass_radius_samples", "Msun")


def test_a_file_that_is_almost_of_a_kind_is_told_what_it_lacks(tmp_path):
    for lacking in ("energy_density", "pressure"):
        arrays = {name: values for name, values in corpus.sly().items() if name != lacking}
        with pytest.raises(InputError, match=f"{lacking} is missing"):
            inspect(write(tmp_path, arrays))
    with pytest.raises(InputError, match="no known kind"):
        inspect(write(tmp_path, {"temperature": np.ones(10)}))


def test_inspecting_sly_gives_its_published_stars_and_says_where_it_is_superluminal(tmp_path):
    """Parameters of Read et al. integrated with DOP853: M_max 2.048411, R_1.4 11.706101, Lambda_1.4 295.6307."""
    found = inspect(write(tmp_path, corpus.sly(400, 1e6)))
    assert found["kind"] == "equation_of_state"
    assert found["maximum_mass"]["value"] == pytest.approx(2.048411, rel=1e-4)
    assert found["radius_1.4"]["value"] == pytest.approx(11.706101, rel=1e-4)
    assert found["tidal_deformability_1.4"]["value"] == pytest.approx(295.6307, rel=1e-3)
    assert [found[name]["unit"] for name in ("maximum_mass", "radius_1.4", "tidal_deformability_1.4")] == [
        "Msun",
        "km",
        "",
    ]
    (star,) = found["stars_1.4"]
    assert set(star) == {"radius", "tidal_deformability", "central_density"}
    (warning,) = [line for line in found["warnings"] if "superluminal" in line]
    assert "1.208 fm^-3" in warning
    assert "2.048 Msun" in warning


def test_twin_stars_are_all_listed(tmp_path):
    """A transition at 0.58 fm^-3 with d eps / eps = 0.9: two stable stars of 1.4 Msun, the denser one smaller."""
    found = inspect(write(tmp_path, hybrid(0.58, 0.9)))
    light, dense = found["stars_1.4"]
    assert dense["radius"]["value"] < light["radius"]["value"] - 0.5
    assert dense["central_density"]["value"] > light["central_density"]["value"]
    assert dense["tidal_deformability"]["value"] < light["tidal_deformability"]["value"]
    assert found["radius_1.4"] == light["radius"]
    assert any("twin" in warning for warning in found["warnings"])
    assert len(found["transitions"]) == 1


def test_a_table_too_soft_for_the_pulsars_says_so_and_is_plain_json(tmp_path):
    found = inspect(write(tmp_path, hybrid(0.4, 2.5)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["maximum_mass"]["value"] < 1.9
    assert any("two solar masses" in warning for warning in found["warnings"])
