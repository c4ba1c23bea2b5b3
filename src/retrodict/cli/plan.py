"""`retrodict plan`: what half the noise or twice the points would buy."""

from typing import TYPE_CHECKING, Any

import typer

from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.cli.options import AsJson, Directory, print_json

if TYPE_CHECKING:
    import numpy as np

    from retrodict.inference.plan import Plan
    from retrodict.run.result import Result

EXAMPLE = "Example: retrodict plan runs/stars"
SCENARIOS = ("now", "noise_halved", "points_doubled")
DRAWS = 16  # of the posterior, around which it is linearised
TOLD = 1.5  # ratio of the linearised error to that of the draws from which on the table says so


def command(directory: Directory, as_json: AsJson = False) -> None:
    """What half the noise or twice the points would buy.

    From the posterior linearised at some of the run's draws: nothing is sampled. `draws` is the run's own error; where
    `now` differs from it, the posterior is not Gaussian, and the ratios of the columns say more than their values.
    """
    from retrodict.base.domains import domain as named_domain
    from retrodict.cli.domains import load as load_hook
    from retrodict.cli.running import resolved_config
    from retrodict.inference.plan import plan
    from retrodict.run.result import Result

    result, config = Result.load(directory), resolved_config(directory)
    if "fit" not in result.tree.children:
        raise InputError("a plan needs a problem with data: a whitened residual", where=str(directory))
    domain = named_domain(config.domain)
    refine = load_hook(domain.report.refined_data, domain) if domain.report.refined_data else None
    found = plan(config.problem, some_draws(result), refine(config.problem) if refine else None)
    table = content(result, found, "a point between any two" if refine else "the data taken twice")
    if as_json:
        print_json(table)
    else:
        typer.echo("\n".join(lines(table)))


def some_draws(result: "Result") -> "np.ndarray":
    """(n, latent) draws spread over the posterior by weight; the best fit of a run without latents or with one draw."""
    import numpy as np

    if "z" not in result.bank:
        return result.tree["fit"].dataset["best"].values[None]
    z, weights = result.bank["z"].values, result.weights()
    middle = (np.arange(DRAWS) + 0.5) / DRAWS
    chosen = np.unique(np.searchsorted(np.cumsum(weights), middle))
    return z.reshape(-1, z.shape[-1])[chosen]


def content(result: "Result", found: "Plan", doubled: str) -> Any:
    """Errors of the numbers, median shrinkages of the functions and the directions seen, by scenario.

    Args:
        result: of the run.
        found: the linearised scenarios.
        doubled: what "points doubled" means for these data, in words.
    """
    from retrodict.inference.plan import shrinkage
    from retrodict.run.plain import plain

    scenarios = {name: getattr(found, name) for name in SCENARIOS}
    numbers = {
        name: {"draws": row["sd"], **{k: s.spread[name] for k, s in scenarios.items()}, "unit": row["unit"]}
        for name, row in result.quantities().items()
    }
    functions = {
        name: {k: _median(shrinkage(found, s, name)) for k, s in scenarios.items()} for name in result.functions
    }
    return plain(
        {
            "points_doubled": doubled,
            "directions": {name: s.effective_rank for name, s in scenarios.items()},
            "errors": numbers,
            "shrinkage": functions,
        }
    )


def lines(table: dict[str, JSON]) -> list[str]:
    """The table for a terminal."""
    names = [*table["errors"], *table["shrinkage"]]
    width = max(map(len, [*names, "directions determined"]))
    out = [f"{'':<{width}}  {'draws':>9}  {'now':>9}  {'noise / 2':>9}  {'points x 2':>10}", "errors (one sigma)"]
    for name, row in table["errors"].items():
        cells = [row["draws"], *(row[scenario] for scenario in SCENARIOS)]
        out.append(f"{name:<{width}}  {_cells(cells)}  {row['unit']}{_remark(row)}".rstrip())
    out.append("median shrinkage (1: the data decide, 0: the prior does)")
    for name, row in table["shrinkage"].items():
        out.append(f"{name:<{width}}  {_cells([None, *(row[scenario] for scenario in SCENARIOS)])}".rstrip())
    seen = [None, *(table["directions"][scenario] for scenario in SCENARIOS)]
    out.append(f"{'directions determined':<{width}}  {_cells(seen)}")
    return [*out, "", f"points x 2: {table['points_doubled']}"]


def _cells(values: list[float | None]) -> str:
    """Numbers under `draws`, `now`, `noise / 2` and `points x 2`."""
    texts = ["" if value is None else f"{value:.3g}" for value in values]
    return "  ".join(f"{text:>{size}}" for text, size in zip(texts, (9, 9, 9, 10), strict=True))


def _remark(row: dict[str, JSON]) -> str:
    """Where the linearised error is not that of the draws."""
    if not row["draws"] or not row["now"]:
        return ""
    ratio = row["now"] / row["draws"]
    return "" if 1 / TOLD < ratio < TOLD else "   not Gaussian"


def _median(values: Any) -> float:
    import numpy as np

    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")
