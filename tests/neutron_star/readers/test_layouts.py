"""Tables as programs and people write them: each is read as it is, to the numbers that it holds, and says what was
assumed."""

import gzip
import json

import numpy as np
import pytest

from retrodict.base.constants import ATOMIC_MASS_UNIT, MEV_FM3_IN_DYN_CM2, MEV_FM3_IN_GRAM_CM3, MEV_FM3_IN_INVERSE_KM2
from retrodict.base.errors import InputError
from retrodict.cli.inspect import look
from retrodict.neutron_star.eos.equation_of_state import from_table
from retrodict.neutron_star.readers import data
from retrodict.neutron_star.readers.canonical import solve_stars
from retrodict.neutron_star.readers.tidal_samples import combined_deformability, read_tidal_samples, redshift_of
from tests.neutron_star.readers import corpus

SLY = corpus.sly()
N, EPS, P = (SLY[name] for name in ("baryon_density", "energy_density", "pressure"))
RHO, DYN = EPS * MEV_FM3_IN_GRAM_CM3, P * MEV_FM3_IN_DYN_CM2
INDEX = np.arange(len(N))
MU = (EPS + P) / N


def text(*columns, above="", sep=" "):
    cells = ([f"{x:.16e}" if x != round(x) or x > 1e6 else f"{x:g}" for x in row] for row in zip(*columns, strict=True))
    return above + "".join(f"{sep.join(row)}\n" for row in cells)


LORENE = "#\n# my table\n#\n{count}\n#\n#  {index}  n_B [fm^{{-3}}]  rho [g/cm^3]   p [dyn/cm^2]\n#\n"
LAL = (
    "# link: somewhere\n# SHA: 5d3adee\n#\n# Model SLy\n#60 \t number of points\n#\n"
    "# n_B [1/fm^3] \t eps[g/cm^3] \t P[dyn/cm^2] \t mu_B [MeV] \t log-enthalpy H [dimensionless]\n"
)
RNS = f"# energy_density [g/cm^3] pressure [dyn/cm^2] baryon_density [cm^-3]\n{len(N)}\n"
USUAL = "n [fm^-3], e [MeV fm^-3], p [MeV fm^-3]"
BINARY = "mass_1_source,mass_2_source,lambda_1,lambda_2\n"
ONE = np.full(len(N), 0.4)
LAYOUTS = {  # name: (the file, a word of what must be said)
    "lalsuite-nine": (text(INDEX, N, RHO, DYN, MU, ONE, above=LAL), "counts the rows"),
    "lalsuite-every-second-row": (text(2 * INDEX, N, RHO, DYN, MU, ONE, above=LAL), "counts the rows"),
    "lalsuite-bare": (text(P * MEV_FM3_IN_INVERSE_KM2 * 1e-6, EPS * MEV_FM3_IN_INVERSE_KM2 * 1e-6), "LALSuite"),
    "lalsuite-vacuum": (
        "0 0\n" + text(P * MEV_FM3_IN_INVERSE_KM2 * 1e-6, EPS * MEV_FM3_IN_INVERSE_KM2 * 1e-6),
        "row of zeros",
    ),
    "lorene": (
        text(1 + INDEX, N, RHO, DYN, above=LORENE.format(count=f"{len(N)}  <-- Number of lines", index="")),
        "energy density over c^2",
    ),
    "lorene-index-named": (text(1 + INDEX, N, RHO, DYN, above=LORENE.format(count=len(N), index="index")), "c^2"),
    "lorene-bare": (text(1 + INDEX, N, RHO, DYN, above=f"{len(N)}  <-- Number of lines\n"), "LORENE"),
    "rns-bare": (text(RHO, DYN, np.log(MU) * 9e20, N * 1e39, above=f"{len(N)}\n"), "RNS"),
    "rns-comment": (
        text(
            RHO,
            DYN,
            N * 1e39,
            above=RNS,
        ),
        "",
    ),
    "title-before-names": (
        text(N, EPS, P, above="Table of SLy 4 by nobody\nn_B [fm^-3], eps [MeV/fm^3], P [MeV/fm^3]\n", sep=","),
        "",
    ),
    "units-as-suffix": (text(N, EPS, P, above="nb_fm3,energy_density_MeV_fm3,pressure_MeV_fm3\n", sep=","), ""),
    "units-as-suffix-cgs": (text(N * 1e39, RHO, DYN, above="n_cm-3 eps_g_cm3 P_dyn_cm2\n"), ""),
    "units-with-per": (text(N, EPS, P, above="n_per_fm3 eps_MeV_per_fm3 p_MeV_per_fm3\n"), ""),
    "downwards": (text(N[::-1], EPS[::-1], P[::-1], above="# n [fm^-3] e [MeV fm^-3] p [MeV fm^-3]\n"), ""),
    "further-columns": (
        text(N, EPS, P, MU, above=USUAL + ", mu_n [MeV]\n", sep=", "),
        "mu_n",
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_table_of_another_program_is_read_as_it_is(name, tmp_path):
    content, said = LAYOUTS[name]
    (tmp_path / "eos").write_text(content)
    table = data.read_equation_of_state(tmp_path / "eos")
    np.testing.assert_allclose(table.energy_density, EPS, rtol=1e-12)
    np.testing.assert_allclose(table.pressure, P, rtol=1e-12)
    if "bare" not in name and "vacuum" not in name:
        np.testing.assert_allclose(table.baryon_density, N, rtol=1e-12)
    assert said in " ".join(table.warnings)


def test_the_kind_of_a_table_without_names_is_said_to_be_a_guess(tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.neutron_star.readers.inspect.solve_stars", lambda table, crust: ({}, []))
    (tmp_path / "eos").write_text(LAYOUTS["rns-bare"][0])
    found = look(tmp_path / "eos")
    assert found["kind"] == "equation_of_state"
    assert found["warnings"][0].startswith("a guess")


def test_a_density_that_falls_in_the_outer_crust_alone_is_replaced_and_one_in_the_core_refused(tmp_path):
    header = "n [fm^-3], eps [MeV fm^-3], p [MeV fm^-3]\n"
    outside = N.copy()
    outside[1] = 0.995 * outside[0]
    (tmp_path / "a").write_text(text(outside, EPS, P, above=header, sep=","))
    table = data.read_equation_of_state(tmp_path / "a")
    assert any("a:3" in line and "first law" in line for line in table.warnings)
    np.testing.assert_allclose(table.baryon_density[5:], N[5:], rtol=1e-12)
    inside = N.copy()
    inside[-5] = 0.995 * inside[-6]
    (tmp_path / "b").write_text(text(inside, EPS, P, above=header, sep=","))
    with pytest.raises(InputError, match="does not rise"):
        data.read_equation_of_state(tmp_path / "b")


def test_a_rest_mass_density_is_not_taken_for_the_energy_density(tmp_path):
    (tmp_path / "a").write_text(
        text(
            N, N * ATOMIC_MASS_UNIT * MEV_FM3_IN_GRAM_CM3, P, above="n [fm^-3], rho [g cm^-3], p [MeV fm^-3]\n", sep=","
        )
    )
    with pytest.raises(InputError, match="no energy density") as refusal:
        data.read_equation_of_state(tmp_path / "a")
    assert "rest mass" in refusal.value.why


def test_names_that_do_not_fit_the_columns_are_told_with_both_numbers(tmp_path):
    (tmp_path / "a").write_text(text(N, EPS, P, MU, ONE, above="# n [fm^-3] eps [MeV fm^-3] p [MeV fm^-3]\n"))
    with pytest.raises(InputError, match="names do not fit") as refusal:
        data.read_equation_of_state(tmp_path / "a")
    assert "5 columns and 3 names" in refusal.value.got
    assert "--columns" in refusal.value.fix


# --- self-bound matter, crusts ----------------------------------------------------------------------------------------


def bag(first, rows=96):
    """eps = 3 p + 4 B with B = 60 MeV fm^-3, from a first pressure up."""
    p = np.concatenate([[first], np.linspace(first, 677.0, rows)[1:]])
    eps = 3.0 * p + 240.0
    return 0.2 * ((eps + p) / (eps[0] + first)) ** 0.75, eps, p


def stars_of_bag(tmp_path, first, crust):
    path = tmp_path / f"{first}.csv"
    path.write_text(text(*bag(first)[1:], above="eps [MeV fm^-3], p [MeV fm^-3]\n", sep=","))
    found, said = solve_stars(data.read_equation_of_state(path), crust)
    return [found[name]["value"] for name in ("maximum_mass", "radius_1.4", "tidal_deformability_1.4")], " ".join(said)


def test_stars_are_continuous_as_the_first_pressure_of_self_bound_matter_goes_to_zero(tmp_path):
    """M_max 1.9639, R_1.4 10.765, Lambda_1.4 415.6: an independent integration of B = 60 MeV fm^-3."""
    bare, _ = stars_of_bag(tmp_path, 0.0, None)
    np.testing.assert_allclose(bare, [1.9639, 10.765, 415.6], rtol=1e-3)
    tiny, _ = stars_of_bag(tmp_path, 1e-8, None)
    np.testing.assert_allclose(tiny, bare, rtol=1e-7)
    cut, said = stars_of_bag(tmp_path, 2.0, False)
    np.testing.assert_allclose(cut, bare, rtol=2e-5)
    assert "no crust" in said


def test_a_crust_that_is_put_below_a_table_is_said_and_can_be_refused():
    n, eps, p = bag(2.0)
    crusted, bare = from_table(n, eps, p), from_table(n, eps, p, crust=False)
    assert float(crusted.density[0]) < 1e-5
    assert float(bare.node_pressure[0]) == 0.0
    assert float(bare.node_energy_density[0]) == pytest.approx(240.0, rel=1e-9)


# --- stars and mergers ------------------------------------------------------------------------------------------------

MASS = np.linspace(0.4, 2.1, 60)
RADIUS = 12.5 - 0.3 * (MASS - 1.0) ** 2
TIDES = 400.0 * (1.4 / MASS) ** 6


@pytest.mark.parametrize(
    "header", ["M [Msun], R [km], Lambda", "mass_msun,radius_km,tidal_deformability", "mass,radius,lam"]
)
def test_the_curve_of_a_theory_is_described_and_is_no_data(header, tmp_path):
    (tmp_path / "c.csv").write_text(text(MASS, RADIUS, TIDES, above=header + "\n", sep=","))
    found = look(tmp_path / "c.csv")
    assert found["kind"] == "mass_radius_curve"
    assert found["maximum_mass"]["value"] == pytest.approx(2.1)
    assert found["radius_1.4"]["value"] == pytest.approx(12.5 - 0.3 * 0.16, abs=1e-3)
    assert found["tidal_deformability_1.4"]["value"] == pytest.approx(400.0, rel=2e-3)
    assert "config" not in found
    with pytest.raises(InputError):
        data.read_mass_radius_samples(tmp_path / "c.csv")


def test_our_own_export_of_a_curve_is_a_curve(tmp_path):
    data.write_mass_radius_curve(tmp_path / "c.csv", mass=MASS, radius=RADIUS, tidal_deformability=TIDES)
    assert look(tmp_path / "c.csv")["kind"] == "mass_radius_curve"
    data.write_mass_radius_curve(tmp_path / "d.csv", mass=MASS, radius=RADIUS)
    assert look(tmp_path / "d.csv")["kind"] == "mass_radius_curve"


def test_a_curve_without_names_gets_names_to_add(tmp_path):
    (tmp_path / "macro.dat").write_text(text(RADIUS, MASS, TIDES))
    found = look(tmp_path / "macro.dat")
    assert found["header_to_add"] == "radius [km], mass [Msun], tidal_deformability"
    again = look(tmp_path / "macro.dat", said={"columns": found["header_to_add"]})
    assert again["kind"] == "mass_radius_curve"


@pytest.mark.parametrize("name", ["weight", "wt", "weights", "importance_weight"])
def test_weights_by_any_usual_name_weigh(name, tmp_path):
    mass, radius = np.random.default_rng(0).normal([[1.4], [12.0]], [[0.1], [0.8]], (2, 400))
    weight = np.exp(radius - 12.0)
    (tmp_path / "s.csv").write_text(text(mass, radius, weight, above=f"mass,radius,{name}\n", sep=","))
    samples = data.read_mass_radius_samples(tmp_path / "s.csv")
    np.testing.assert_allclose(samples.weight, weight / weight.sum(), rtol=1e-12)


def test_columns_that_nobody_needs_are_named_and_logarithms_of_a_likelihood_are_no_weights(tmp_path):
    mass, radius = np.random.default_rng(0).normal([[1.4], [12.0]], [[0.1], [0.8]], (2, 400))
    (tmp_path / "s.csv").write_text(
        text(mass, radius, mass, radius, above="mass,radius,spin,log_likelihood\n", sep=",")
    )
    samples = data.read_mass_radius_samples(tmp_path / "s.csv")
    assert samples.notes == ("columns not used: spin, log_likelihood",)
    np.testing.assert_allclose(samples.weight, 1 / 400)


def test_what_an_archive_holds_besides_numbers_is_left_unopened_and_named(tmp_path):
    arrays = corpus.samples()
    np.savez(
        tmp_path / "s.npz", **arrays, metadata=np.array([{"who": "nobody"}], dtype=object), label=np.array("nicer")
    )
    samples = data.read_mass_radius_samples(tmp_path / "s.npz")
    np.testing.assert_array_equal(samples.mass, arrays["mass"])
    assert "metadata" in samples.notes[0]
    assert "label" in samples.notes[0]


def merger(count=200):
    rng = np.random.default_rng(1)
    q, chirp = rng.uniform(0.6, 1.0, count), rng.normal(1.186, 0.001, count)
    m1 = chirp * (1 + q) ** 0.2 / q**0.6
    return q, chirp, m1, q * m1, rng.uniform(100, 900, (2, count))


def as_bilby(**columns):
    content = {name: list(values) for name, values in columns.items()}
    return json.dumps({"posterior": {"__dataframe__": True, "content": content}})


def test_chirp_mass_and_ratio_of_bilby_become_the_masses_of_the_stars(tmp_path):
    q, chirp, m1, m2, (l1, l2) = merger()
    z = 0.0099
    content = as_bilby(chirp_mass=chirp * (1 + z), mass_ratio=q, lambda_1=l1, lambda_2=l2)
    (tmp_path / "r.json").write_text(content)
    (tmp_path / "r.json.gz").write_bytes(gzip.compress(content.encode()))
    for name in ("r.json", "r.json.gz"):
        samples = read_tidal_samples(tmp_path / name, redshift=z)
        np.testing.assert_allclose(samples.mass_1, m1, rtol=1e-12)
        np.testing.assert_allclose(samples.mass_2, m2, rtol=1e-12)
        np.testing.assert_allclose(samples.chirp_mass, chirp, rtol=1e-12)
        np.testing.assert_allclose(samples.lambda_tilde, combined_deformability(m1, m2, l1, l2), rtol=1e-12)
    with pytest.raises(InputError, match="detector frame") as refusal:
        read_tidal_samples(tmp_path / "r.json")
    assert "--set redshift=" in refusal.value.fix


def test_the_combined_deformability_does_not_depend_on_which_star_is_called_one(tmp_path):
    _, _, m1, m2, (l1, l2) = merger()
    (tmp_path / "a.csv").write_text(text(m1, m2, l1, l2, above=BINARY, sep=","))
    (tmp_path / "b.csv").write_text(text(m2, m1, l2, l1, above=BINARY, sep=","))
    one, two = read_tidal_samples(tmp_path / "a.csv"), read_tidal_samples(tmp_path / "b.csv")
    np.testing.assert_array_equal(one.lambda_tilde, two.lambda_tilde)
    np.testing.assert_array_equal(one.mass_1, two.mass_1)


def test_a_luminosity_distance_gives_the_redshift(tmp_path):
    """z of Planck 2015 by an independent quadrature; D_L = c z / H0 (1 + (1 - q0) z / 2) at small z."""
    from scipy.integrate import quad

    for z in (0.01, 0.1, 1.0):
        comoving = quad(lambda x: 1 / np.sqrt(0.3075 * (1 + x) ** 3 + 0.6925), 0, z)[0]
        distance = (1 + z) * 299792.458 / 67.74 * comoving
        assert redshift_of(np.array([distance]))[0] == pytest.approx(z, rel=1e-5)
    q, chirp, m1, _, (l1, l2) = merger()
    distance = np.full(len(q), (1.01) * 299792.458 / 67.74 * 0.009977)
    z = redshift_of(distance)
    (tmp_path / "r.json").write_text(
        as_bilby(chirp_mass=chirp * (1 + z), mass_ratio=q, lambda_1=l1, lambda_2=l2, luminosity_distance=distance)
    )
    samples = read_tidal_samples(tmp_path / "r.json")
    np.testing.assert_allclose(samples.mass_1, m1, rtol=1e-12)
    assert "Planck 2015" in samples.notes[0]


def test_rounding_below_zero_is_zero_and_what_is_really_below_is_refused(tmp_path):
    _, _, m1, m2, (l1, l2) = merger()
    l1[3] = -2.5e-14
    (tmp_path / "a.csv").write_text(text(m1, m2, l1, l2, above=BINARY, sep=","))
    samples = read_tidal_samples(tmp_path / "a.csv")
    assert samples.lambda_1 is not None
    assert samples.lambda_1[3] == 0.0
    assert "rounding" in samples.notes[0]
    l1[3] = -2.5
    (tmp_path / "a.csv").write_text(text(m1, m2, l1, l2, above=BINARY, sep=","))
    with pytest.raises(InputError, match="out of range"):
        read_tidal_samples(tmp_path / "a.csv")


def test_a_weight_that_samples_of_a_merger_do_not_use_is_refused(tmp_path):
    _, _, m1, m2, (l1, l2) = merger()
    header = "mass_1_source,mass_2_source,lambda_1,lambda_2,log_weight\n"
    (tmp_path / "a.csv").write_text(text(m1, m2, l1, l2, l1, above=header, sep=","))
    with pytest.raises(InputError, match="may matter"):
        read_tidal_samples(tmp_path / "a.csv")
