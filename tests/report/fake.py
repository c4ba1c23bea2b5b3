"""A run that never ran: a neutron-star-like result and its directory, made of closed forms, for the report to show.

Six white latents bend a sound speed; pressure and the mass-radius curve follow from smooth formulas (not from the
structure equations: nothing here is physics, all of it has its shape). The posterior is the prior, shrunk and moved.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from retrodict.base.figure import Band, Curves, Ellipses, Figure, Guide, Image, Panel, band_of
from retrodict.base.section import Section, Table
from retrodict.run.result import Result

ENERGY = np.geomspace(150.0, 1500.0, 60)  # MeV fm^-3
MASS = np.linspace(1.0, 2.0, 41)  # Msun
DIM = 6
CONFIG = """domain: neutron_star
problem:
  data: classic18
  ansatz: {kind: GaussianProcess, latents: 6}
  likelihood: {kind: marginal}
method: {kind: NUTS, chains: 4, draws: 250}
seed: 0
"""

SCALARS = {
    "maximum_mass": ("$M_\\mathrm{max}$", "Msun"),
    "radius_1.4": ("$R_{1.4}$", "km"),
    "tidal_deformability_1.4": ("$\\Lambda_{1.4}$", ""),
}
FUNCTIONS = {
    "pressure": ("Pressure $P$", "MeV fm^-3", "Energy density", "MeV fm^-3", ENERGY),
    "sound_speed_squared": ("Sound speed squared $c_s^2$", "", "Energy density", "MeV fm^-3", ENERGY),
    "radius": ("Radius $R$", "km", "Gravitational mass", "Msun", MASS),
}


def derived(z: np.ndarray) -> dict[str, np.ndarray]:
    """All quantities of latents `z` of shape (..., 6)."""
    t = np.linspace(0, 1, ENERGY.size)
    bumps = np.exp(-0.5 * ((t - np.linspace(0, 1, DIM)[:, None]) / 0.18) ** 2)
    speed = 1 / (1 + np.exp(-(-1.6 + 2.2 * t + 0.75 * z @ bumps)))
    steps = speed * np.gradient(ENERGY)
    pressure = 1.2 + np.cumsum(steps, axis=-1)
    top = 2.05 + 0.12 * z[..., 4] + 0.1 * z[..., 3] + 0.04 * z[..., 2]
    radius14 = 12.0 + 0.65 * z[..., 1] + 0.3 * z[..., 0] + 0.12 * z[..., 2]
    ratio = np.clip(MASS / top[..., None], 0, 1)
    radius = radius14[..., None] + 0.5 * z[..., 3, None] * (MASS - 1.4) - 2.0 * (1 - np.sqrt(1 - ratio**4))
    scalars = {"maximum_mass": top, "radius_1.4": radius14, "tidal_deformability_1.4": 2.88e-6 * radius14**7.5}
    return scalars | {"pressure": pressure, "sound_speed_squared": speed, "radius": radius}


def group(z: np.ndarray) -> xr.Dataset:
    """A dataset of latents `(chain, draw, 6)` and what follows from them."""
    variables: dict[str, Any] = {"z": (("chain", "draw", "latent"), z)}
    coordinates = {}
    for name, values in derived(z).items():
        if name in SCALARS:
            label, unit = SCALARS[name]
            variables[name] = (("chain", "draw"), values, {"label": label, "unit": unit, "grid_name": ""})
        else:
            label, unit, grid_name, grid_unit, grid = FUNCTIONS[name]
            about = {"label": label, "unit": unit, "grid_name": grid_name, "grid_unit": grid_unit}
            variables[name] = (("chain", "draw", f"{name}_grid"), values, about)
            coordinates[f"{name}_grid"] = grid
    variables["valid"] = (("chain", "draw"), np.ones(z.shape[:2], dtype=bool))
    return xr.Dataset(variables, coordinates)


def make_tree(seed: int = 0, *, status: str = "WARN", labels: dict[str, str] | None = None) -> xr.DataTree:
    """The tree of the contract: /posterior, /prior, /sample_stats, /fit, /identifiability, /observed_data."""
    rng = np.random.default_rng(seed)
    scale = np.array([0.5, 0.3, 0.5, 0.6, 0.8, 1.0])
    mean = np.array([0.1, -0.2, 0.4, 0.5, 0.2, 0.0])
    z = mean + scale * rng.standard_normal((4, 250, DIM))
    prior = rng.standard_normal((1, 1000, DIM))
    tree = {"/posterior": group(z), "/prior": group(prior)} | _statistics(rng, z) | _identifiability(z, prior)
    for name, label in (labels or {}).items():
        tree["/posterior"][name].attrs["label"] = label
    out = xr.DataTree.from_dict(tree)
    out.attrs.update(_attributes(status))
    return out


def make_result(seed: int = 0, **options: Any) -> Result:
    """A `Result` around `make_tree`."""
    return Result(make_tree(seed, **options))


def make_small(label: str = "$R$") -> Result:
    """A result of one number, one chain and no data: what the least of reports is made of."""
    tree = make_tree(labels={"radius_1.4": label})
    posterior = tree["posterior"].to_dataset()[["z", "radius_1.4"]].isel(chain=[0])
    statistics = tree["sample_stats"].to_dataset().isel(chain=[0])
    groups = {"/posterior": posterior, "/sample_stats": statistics}
    return Result(xr.DataTree.from_dict({"/": xr.Dataset(attrs=tree.attrs), **groups}))


def _statistics(rng: np.random.Generator, z: np.ndarray) -> dict[str, xr.Dataset]:
    shape = z.shape[:2]
    pulls = np.clip(rng.standard_normal(18), -2.4, 2.4)
    stats = {
        "log_weight": (("chain", "draw"), np.zeros(shape)),
        "log_likelihood": (("chain", "draw"), -21.0 - 0.5 * rng.chisquare(4, shape)),
        "valid": (("chain", "draw"), np.ones(shape, dtype=bool)),
        "acceptance": (("chain", "draw"), rng.uniform(0.7, 1.0, shape)),
        "divergent": (("chain", "draw"), np.zeros(shape, dtype=bool)),
    }
    names = {"pull": [f"star {i + 1}: {quantity}" for quantity in "MR" for i in range(9)]}
    fit = xr.Dataset({"pulls": ("pull", pulls)}, names, attrs={"chi2": float(np.sum(pulls**2)), "dof": 12, "p": 0.21})
    return {"/sample_stats": xr.Dataset(stats), "/fit": fit, "/observed_data": xr.Dataset({"data_0": ("n", pulls)})}


def _identifiability(z: np.ndarray, prior: np.ndarray) -> dict[str, xr.Dataset]:
    post, before = derived(z), derived(prior)
    variables: dict[str, Any] = {"singular_values": ("mode", np.geomspace(6.0, 0.02, DIM))}
    for name in post:
        ratio = np.nanstd(post[name], axis=(0, 1)) / np.nanstd(before[name], axis=(0, 1))
        dims = () if name in SCALARS else (f"{name}_grid",)
        variables[f"shrinkage_{name}"] = (dims, 1 - ratio)
    return {"/identifiability": xr.Dataset(variables, attrs={"effective_rank": 3.2})}


def _attributes(status: str) -> dict[str, Any]:
    notes = ["sound_speed_squared is prior-dominated for Energy density in 1157 ... 1500 MeV fm^-3"]
    reasons = {
        "OK": [],
        "WARN": ["an approximate method: its spread is not a calibrated posterior; measure it with `validate`"],
        "FAIL": ["R-hat 1.08 of maximum_mass exceeds 1.01", "bulk ESS 87 of radius_1.4 is below 400"],
    }
    remedies = ["run longer chains" for _ in reasons[status]]
    rows = {name: {"rhat": 1.002, "ess_bulk": 912.0, "ess_tail": 804.0} for name in SCALARS}
    diagnostics = {
        "kind": "exact",
        "chains": 4,
        "draws": 250,
        "rhat": 1.002,
        "rhat_worst": "maximum_mass",
        "ess_bulk": 912.0,
        "ess_bulk_worst": "radius_1.4",
        "ess_tail": 804.0,
        "ess_tail_worst": "radius_1.4",
        "divergences": 0,
        "divergent_fraction": 0.0,
        "invalid_fraction": 0.0,
        "effective_rank": 3.2,
        "latents": 6,
        "mean_acceptance": 0.86,
        "per_quantity": rows,
    }
    return {
        "schema_version": 1,
        "retrodict_version": "0.1.0",
        "target": "Posterior(GaussianProcess, Stars, Independent, StandardNormal)",
        "method": "NUTS",
        "seed": 0,
        "verdict": json.dumps({"status": status, "reasons": reasons[status], "notes": notes, "remedies": remedies}),
        "diagnostics": json.dumps(diagnostics),
        "provenance": json.dumps({"data": "classic18"}),
        "references": json.dumps(["hoffman2014", "betancourt2017", "blackjax2024"]),
    }


def make_run(directory: Path, result: Result) -> Path:
    """A run directory with everything that a report reads."""
    directory.mkdir(parents=True, exist_ok=True)
    result.save(directory)
    manifest = {
        "schema_version": 1,
        "retrodict": "0.1.0",
        "command": ["retrodict", "run", "config.yaml", "--out", "runs/demo"],
        "seed": 0,
        "versions": {"python": "3.11.9", "jax": "0.10.2", "numpy": "2.3.0"},
        "devices": {"backend": "cpu", "count": 1},
        "inputs": {"config.yaml": {"sha256": "ab" * 32, "bytes": len(CONFIG)}},
        "outputs": {"result.nc": {"sha256": "cd" * 32, "bytes": 123456}},
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))
    (directory / "config.resolved.yaml").write_text(CONFIG)
    (directory / "events.jsonl").write_text('{"event": "start", "time": 0.0}\n{"event": "done", "time": 61.5}\n')
    return directory


def make_validation(directory: Path, data_sets: int = 200) -> None:
    """What `retrodict validate` leaves behind."""
    tests = []
    for name in SCALARS:
        rows = {
            "width": (1.03, 0.4),
            "location": (-0.02, 0.7),
            "ranks": (17.0, 0.6),
            "68 %": (139, 0.7),
            "95 %": (188, 0.6),
        }
        rows["width"] = (1.31, 1e-5) if name == "maximum_mass" else rows["width"]
        about = {"quantity": name, "adjusted": 1.0}
        tests += [
            about | {"name": test, "statistic": s, "p": p, "adjusted": min(1, 9 * p)} for test, (s, p) in rows.items()
        ]
    verdict = {"status": "FAIL", "reasons": ["the bands of maximum_mass are too narrow"], "notes": []}
    content = {"method": "NUTS", "data_sets": data_sets, "verdict": verdict, "tests": tests}
    (directory / "validation.json").write_text(json.dumps(content))


def domain_figures(result: Result) -> tuple[Figure, ...]:
    """What a domain hands over: an equation of state and a mass-radius figure."""
    observations = Ellipses(
        x=[11.71, 8.89, 10.36, 11.47, 12.4, 13.6, 13.02, 13.7],
        y=[1.42, 1.08, 1.60, 1.79, 1.90, 1.44, 1.44, 2.08],
        x_sd=[2.48, 1.16, 1.98, 1.53, 0.40, 0.85, 1.15, 2.05],
        y_sd=[0.49, 0.30, 0.31, 0.26, 0.30, 0.07, 0.15, 0.07],
        label="Observations, 68 %",
        names=("M13", "M28", "4U 1608-52", "4U 1724-207", "4U 1702-429", "J0437-4715", "J0030+0451", "J0740+6620"),
    )
    return (_equation_of_state(result), _mass_radius(result, observations))


def _bands(result: Result, name: str, **about: Any) -> tuple[Band, Band]:
    prior = band_of(result.prior_band(name), label="Prior 68 / 95 %", role="prior", **about)
    return prior, band_of(result.band(name), label="Posterior 68 / 95 %", **about)


def _equation_of_state(result: Result) -> Figure:
    pressure = Panel(
        "Energy density $\\varepsilon$",
        "Pressure $P$",
        _bands(result, "pressure"),
        "MeV fm^-3",
        "MeV fm^-3",
        x_log=True,
        y_log=True,
    )
    speed = Panel(
        "Energy density $\\varepsilon$",
        "Sound speed squared $c_s^2$",
        (*_bands(result, "sound_speed_squared"), Guide(1 / 3, label="conformal limit")),
        "MeV fm^-3",
        y_limits=(0.0, 1.0),
    )
    caption = "Pressure and sound speed over the energy density: what the data add to the prior (grey)."
    return Figure("equation_of_state", "Equation of state", caption, (pressure, speed))


def _mass_radius(result: Result, observations: Ellipses) -> Figure:
    radius = result.tree["posterior"]["radius"].values.reshape(-1, MASS.size)[::50]
    panel = Panel(
        "Radius $R$",
        "Gravitational mass $M$",
        (*_bands(result, "radius", sideways=True), Curves(radius, np.broadcast_to(MASS, radius.shape)), observations),
        "km",
        "Msun",
        x_limits=(7.0, 17.0),
        y_limits=(0.9, 2.5),
    )
    caption = "The mass-radius curve beside the observations that it was inferred from."
    return Figure("mass_radius", "Mass and radius", caption, (panel,), section="fit")


def make_chapter() -> Section:
    """A domain's own part of the page."""
    panels = (Panel("x", "y", (Guide(0.0),)), Panel("$x_1$", "$x_2$", (Image([[0.5, -2.0], [np.nan, 1.0]], "field"),)))
    figure = Figure("own", "Its own figure", "Drawn by the domain.", panels)
    rows = (("first <b>", 0.123456, None), ("second", -2.0, "a remark that is too long for a number"))
    table = Table(("Method", r"$\omega_*$", "Remark"), rows)
    return Section("own-part", "What the domain adds", "Text & more.", table, (figure,))
