"""Tables as programs and people write them: each is read as it is, to the numbers that it holds, and says what was
assumed."""

import gzip
import json

import h5py
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


# --- tables of other hands --------------------------------------------------------------------------------------------

NEP = (N, EPS, P)
CGS = (N, RHO, DYN)
WRITTEN = {  # name: a table of the same matter
    "semicolons": text(*NEP, above="n [fm^-3];e [MeV fm^-3];p [MeV fm^-3]\n", sep=";"),
    "semicolons-and-blanks": text(*NEP, above="n [fm^-3] ; e [MeV fm^-3] ; p [MeV fm^-3]\n", sep=" ; "),
    "units-below": text(*CGS, above="n,eps,p\nfm^-3,g/cm^3,dyn/cm^2\n", sep=","),
    "units-below-in-comments": text(*CGS, above="# n eps p\n# fm^-3 g/cm^3 dyn/cm^2\n"),
    "units-below-in-brackets": text(*CGS, above="# n eps p\n# [fm^-3] [g cm^-3] [dyn cm^-2]\n"),
    "units-above": text(*CGS, above="# (fm^-3) (g/cm^3) (dyn/cm^2)\n# n eps p\n"),
    "g-per-ccm": text(*CGS, above="n [1/fm^3],eps [g/ccm],p [erg/cm3]\n", sep=","),
    "g-per-cc": text(*CGS, above="n [1/fm**3],eps [g/cc],p [dyne/cm^{2}]\n", sep=","),
    "brackets-in-brackets": text(*NEP, above="n (1/(fm^3)),eps (MeV/(fm^3)),p (MeV/fm^3)\n", sep=","),
    "tex": text(*NEP, above="$n_B$ [fm$^{-3}$],$\\varepsilon$ [MeV fm$^{-3}$],$p$ [MeV fm$^{-3}$]\n", sep=","),
    "slashes-comment": text(*NEP, above="// n [fm^-3] eps [MeV fm^-3] p [MeV fm^-3]\n"),
    "numbered-names": text(*NEP, above="# 1:n[fm^-3] 2:eps[MeV/fm^3] 3:p[MeV/fm^3]\n"),
    "a-title-with-a-year": "SLy, EoS of\nmatter table 2001\n"
    + text(*NEP, above="# n [fm^-3] e [MeV fm^-3] p [MeV/fm^3]\n"),
    "slashes-before-units": text(*NEP, above="n / fm^-3,e / MeV fm^-3,p / MeV fm^-3\n", sep=","),
    "a-rule": text(*NEP, above="n [fm^-3]  e [MeV fm^-3]  p [MeV fm^-3]\n----- ----- -----\n"),
    "comments-behind-rows": text(*NEP, above=USUAL + "\n", sep=",")
    .replace("\n", " # core\n")
    .replace(" # core", "", 1),
    "first-row-twice": text(*(np.concatenate([x[:1], x]) for x in NEP), above=USUAL + "\n", sep=","),
    "total": text(*NEP, above="nb(fm^-3), total energy density(MeV/fm^3), total pressure(MeV/fm^3)\n", sep=","),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_matter_is_the_same_however_its_table_is_written(name, tmp_path):
    (tmp_path / "eos").write_text(WRITTEN[name])
    table = data.read_equation_of_state(tmp_path / "eos")
    for found, right in zip((table.baryon_density, table.energy_density, table.pressure), NEP, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (text(*NEP, above="n [fm^-3];e [MeV fm^-3];p [MeV fm^-3]\n", sep=";").replace(".", ","), "decimal comma"),
        (text(*map(np.log10, NEP), above="log10_n,log10_eps,log10_p\n", sep=","), "no domain knows"),
        (text(*map(np.log10, NEP), above="n [fm^-3],e [log10 MeV/fm^3],p [log10 MeV/fm^3]\n", sep=","), "unknown unit"),
        (text(N, np.log10(RHO), np.log10(DYN), above="n [fm^-3],e [g/cm^3],p [dyn/cm^2]\n", sep=","), "out of range"),
        (text(*NEP, above="c n_B [fm^-3] eps [MeV fm^-3] P [MeV fm^-3]\n"), "a number density of what"),
        (text(*NEP[1:], above="rho [MeV fm^-3],p [MeV fm^-3]\n", sep=","), "energy_density is missing"),
        (text(*NEP, N, above="# n eps p n\n"), "a column appears twice"),
    ],
)
def test_a_table_that_can_be_read_in_two_ways_is_refused(content, what, tmp_path):
    (tmp_path / "eos").write_text(content)
    with pytest.raises(InputError, match=what):
        look(tmp_path / "eos")


STAR = [np.array(x) for x in ([1.4, 1.9], [0.1, 0.2], [0.2, 0.3], [12.0, 11.0], [0.5, 0.6], [0.7, 0.8])]


@pytest.mark.parametrize(
    ("names", "sign"),
    [
        ("mass,mass_err_minus,mass_err_plus,radius,radius_err_minus,radius_err_plus", 1),
        ("M,M_err_down,M_err_up,R,R_err_down,R_err_up", 1),
        ("M,M_lower_err,M_upper_err,R,R_lower_err,R_upper_err", 1),
        ("mass,mass_lerr,mass_uerr,radius,radius_lerr,radius_uerr", 1),
        ("M,M_err_minus,M_err_plus,R,R_err_minus,R_err_plus", -1),
    ],
)
def test_an_error_on_each_side_goes_by_many_names_and_may_have_a_minus_sign(names, sign, tmp_path):
    mass, below, above, radius, inside, outside = STAR
    (tmp_path / "s").write_text(
        text(mass, sign * below, above, radius, sign * inside, outside, above=names + "\n", sep=",")
    )
    stars = data.read_observations(tmp_path / "s")
    np.testing.assert_array_equal([stars.mass_error_minus, stars.mass_error_plus], [below, above])
    np.testing.assert_array_equal([stars.radius_error_minus, stars.radius_error_plus], [inside, outside])
    assert ("minus sign" in " ".join(stars.notes)) == (sign < 0)
    assert look(tmp_path / "s")["kind"] == "mass_radius_observations"


def test_an_error_without_a_unit_has_that_of_its_value(tmp_path):
    (tmp_path / "s").write_text("mass,mass_error,radius [m],radius_error\n1.4,0.1,12000,700\n")
    stars = data.read_observations(tmp_path / "s")
    assert stars.radius_error.tolist() == [pytest.approx(0.7, rel=1e-12)]
    assert "in that of the radius" in " ".join(stars.notes)


@pytest.mark.parametrize(
    "names",
    [
        "mass,mass_lower,mass_upper,radius,radius_lower,radius_upper",
        "M,M_min,M_max,R,R_min,R_max",
        "M,M_q16,M_q84,R,R_q16,R_q84",
        "M,M_plus,M_minus,R,R_plus,R_minus",
        "M,M_stat,M_sys,R,R_stat,R_sys",
        "M,var_M,cov_MR,R,var_R,corr",
    ],
)
def test_bounds_and_variances_of_many_stars_are_neither_errors_nor_ignored(names, tmp_path):
    """Sixty stars would else be sixty samples of one."""
    rng = np.random.default_rng(0)
    mass, radius = rng.normal(1.4, 0.1, 60), rng.normal(12.0, 0.5, 60)
    rows = (mass, mass - 0.1, mass + 0.1, radius, radius - 0.5, radius + 0.5)
    (tmp_path / "s").write_text(text(*rows, above=names + "\n", sep=","))
    with pytest.raises(InputError, match="may matter"):
        look(tmp_path / "s")


@pytest.mark.parametrize("name", ["rho_MR", "corr", "cov_MR", "correlation", "mass_sys_err"])
def test_a_correlation_or_a_second_error_of_measured_stars_is_not_left_out(name, tmp_path):
    (tmp_path / "s").write_text(f"mass,mass_error,radius,radius_error,{name}\n1.4,0.1,12,0.5,0.7\n")
    with pytest.raises(InputError, match="may matter"):
        look(tmp_path / "s")


@pytest.mark.parametrize("name", ["multiplicity", "count", "pdf", "log_weight", "ln_w"])
def test_what_may_be_a_weight_is_not_left_out(name, tmp_path):
    mass, radius = np.random.default_rng(0).normal([[1.4], [12.0]], [[0.1], [0.8]], (2, 60))
    (tmp_path / "s").write_text(text(mass, radius, np.abs(mass), above=f"mass,radius,{name}\n", sep=","))
    with pytest.raises(InputError, match="may matter"):
        look(tmp_path / "s")


MERGER = np.dtype([(name, float) for name in BINARY.strip().split(",")])


def records(low, high, more=()):
    rng = np.random.default_rng(1)
    rows = np.zeros(80, np.dtype([*MERGER.descr, *((name, float) for name in more)]))
    for name, bounds in zip(MERGER.names, ((1.36, 1.6), (1.2, 1.36), (low, high), (low, high)), strict=True):
        rows[name] = rng.uniform(*bounds, 80)
    return rows


@pytest.mark.parametrize(
    "prior", ["A/prior_samples", "A/priors/samples", "A_prior", "nested_samples", "prior_samples/table"]
)
def test_samples_of_the_prior_are_never_taken_for_those_of_the_posterior(prior, tmp_path):
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["A/posterior_samples"] = records(100, 200)
        file[prior] = records(900, 1000, ("more", "columns"))
    tides = read_tidal_samples(tmp_path / "g.h5")
    assert tides.lambda_1.max() < 200
    assert any("no posterior" in note and prior in note for note in tides.notes)
    assert read_tidal_samples(tmp_path / "g.h5", group="A").lambda_1.max() < 200
    assert read_tidal_samples(tmp_path / "g.h5", group=prior).lambda_1.min() > 900
    with h5py.File(tmp_path / "alone.h5", "w") as file:
        file[prior] = records(900, 1000)
    with pytest.raises(InputError, match="no posterior samples") as refusal:
        read_tidal_samples(tmp_path / "alone.h5")
    assert f"--set group={prior}" in refusal.value.fix


def test_the_analysis_with_more_columns_is_not_preferred_to_another(tmp_path):
    with h5py.File(tmp_path / "g.h5", "w") as file:
        file["A/posterior_samples"] = records(100, 200, ("spin",))
        file["B/posterior_samples"] = records(900, 1000)
    with pytest.raises(InputError, match="several tables"):
        read_tidal_samples(tmp_path / "g.h5")
    assert read_tidal_samples(tmp_path / "g.h5", group="B").lambda_1.min() > 900


def test_a_combined_deformability_that_contradicts_those_of_the_stars_is_refused(tmp_path):
    rows = records(100, 200)
    parts = [rows[name] for name in MERGER.names]
    combined = combined_deformability(*parts)
    header = BINARY.strip() + ",lambda_tilde\n"
    (tmp_path / "right.csv").write_text(text(*parts, combined.round(), above=header, sep=","))
    assert len(read_tidal_samples(tmp_path / "right.csv")) == 80
    (tmp_path / "wrong.csv").write_text(text(*parts, 1.1 * combined, above=header, sep=","))
    with pytest.raises(InputError, match="contradicts"):
        read_tidal_samples(tmp_path / "wrong.csv")


@pytest.mark.parametrize(
    "names",
    [
        "chirp_mass_source,symmetric_mass_ratio",
        "total_mass_source,mass_ratio",
        "total_mass,symmetric_mass_ratio,redshift",
        "mass_1_source,mass_ratio",
        "mass_1,q,redshift",
    ],
)
def test_any_mass_and_any_ratio_give_the_masses_of_the_stars(names, tmp_path):
    rows = records(100, 200)
    m1, m2, l1, l2 = (rows[name] for name in MERGER.names)
    known = {
        "chirp_mass_source": (m1 * m2) ** 0.6 / (m1 + m2) ** 0.2,
        "total_mass_source": m1 + m2,
        "total_mass": 1.01 * (m1 + m2),
        "mass_1": 1.01 * m1,
        "mass_1_source": m1,
        "mass_ratio": m2 / m1,
        "q": m2 / m1,
        "symmetric_mass_ratio": m1 * m2 / (m1 + m2) ** 2,
        "redshift": np.full(80, 0.01),
    }
    columns = [known[name] for name in names.split(",")]
    (tmp_path / "g.csv").write_text(text(*columns, l1, l2, above=names + ",lambda_1,lambda_2\n", sep=","))
    tides = read_tidal_samples(tmp_path / "g.csv")
    np.testing.assert_allclose([tides.mass_1, tides.mass_2], [m1, m2], rtol=1e-7)
    np.testing.assert_array_equal([tides.lambda_1, tides.lambda_2], [l1, l2])
    assert look(tmp_path / "g.csv")["kind"] == "tidal_samples"


def test_a_mass_and_a_ratio_above_one_are_refused(tmp_path):
    """m2 = q m1 or m1 / q: with the mass of one star alone the two differ."""
    m1, m2, _, tilde = (records(100, 200)[name] for name in MERGER.names)
    (tmp_path / "g.csv").write_text(text(m1, m1 / m2, tilde, above="mass_1_source,q,lambda_tilde\n", sep=","))
    with pytest.raises(InputError, match="a mass ratio is above one"):
        read_tidal_samples(tmp_path / "g.csv")


def test_cells_between_tabs_may_hold_several_words(tmp_path):
    rows = "PSR J0740\t2.08\t0.07\t12.4\t1.0\tRiley et al.; 2021\nX\t1.4\t0.1\t12\t1\tY\n"
    (tmp_path / "s.tsv").write_text("object\tM (Msun)\te_M\tR (km)\te_R\treference\n" + rows)
    stars = data.read_observations(tmp_path / "s.tsv")
    assert (stars.names, stars.sources) == (("PSR J0740", "X"), ("Riley et al.; 2021", "Y"))
    assert stars.radius.tolist() == [12.4, 12.0]


def test_a_star_that_stands_twice_is_said(tmp_path):
    (tmp_path / "s").write_text("mass,mass_error,radius,radius_error\n1.4,0.1,12,1\n1.9,0.1,12,1\n1.4,0.1,12,1\n")
    assert data.read_observations(tmp_path / "s").notes == (
        "1 rows hold the numbers of another: is a star counted twice?",
    )
