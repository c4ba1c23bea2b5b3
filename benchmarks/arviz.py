"""What ArviZ makes of `result.nc`, beside our own numbers: summary, pair plot with divergences, leave-one-out.

    python benchmarks/arviz.py INTERPRETER [INTERPRETER ...]

Each INTERPRETER is the Python of an environment that has ArviZ and need not have this package; both generations are
meant to be tried (1.x needs Python 3.12 or later):

    python3.11 -m venv old && old/bin/pip install "arviz==0.23.*" h5netcdf matplotlib
    python3.13 -m venv new && new/bin/pip install "arviz>=1,<2" h5netcdf matplotlib

One result of every kind of method is made here, read there, and the deviations are printed: of means in standard
errors, of standard deviations in per cent, the ratio of effective sizes, the differences of R-hat and elpd. The exit
status is 1 if one is larger than its bound. About three minutes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# In units as printed: ArviZ estimates the effective size of a weighted sample from the resampled chain, and that of
# particles from relatives that stand in a row; of chains, from the same draws by the same formula.
BOUNDS = {"mean": 0.25, "sd": 2.0, "ess chains": 0.02, "ess others": 0.25, "rhat": 0.002, "loo": 0.05}


def runs(folder):
    """Make one result a method; our own numbers of each by its name."""
    import jax.numpy as jnp
    import numpy as np

    import retrodict as rd
    from retrodict import lattice
    from retrodict.problem.target import Quantity

    class Identity(rd.AbstractAnsatz):
        @property
        def dim(self):
            return 2

        def __call__(self, z):
            return z

    class Line(rd.AbstractForward):
        """A line at ten points, bent where `bend` is not zero."""

        bend: float

        def __call__(self, u):
            x = jnp.linspace(-1, 1, 10)
            return u[0] + u[1] * x + self.bend * u[0] ** 2 * x**2, jnp.asarray(True)

    def problem(bend, covariance):
        data = jnp.asarray(np.random.default_rng(1).normal(0.5 + 0.8 * np.linspace(-1, 1, 10), 0.4))
        numbers = tuple(Quantity(name) for name in ("offset", "slope"))
        derive = {"derive": lambda u, p: {"offset": u[0], "slope": u[1]}, "quantities": numbers}
        return rd.Posterior(Identity(), Line(bend), rd.Gaussian(data, covariance), **derive)

    noise = rd.Covariance.diagonal(np.full(10, 0.4))
    distance = np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
    bent, correlated = problem(0.5, noise), problem(0.5, rd.Covariance.full(0.16 * 0.6**distance))
    phi4 = lattice.Phi4((4, 4), 0.2, 0.02)
    cases = {
        "NUTS": (bent, rd.NUTS(chains=4, warmup=300, draws=1000)),
        "NUTS, correlated": (correlated, rd.NUTS(chains=4, warmup=300, draws=1000)),
        "ConstrainedHMC": (bent, rd.ConstrainedHMC(chains=4, warmup=300, draws=500)),
        "SMC": (bent, rd.SequentialMonteCarlo(particles=4000)),
        "Importance": (bent, rd.Importance(draws=20_000, batch=2000)),
        "Laplace": (bent, rd.Laplace(draws=4000)),
        "Ensemble": (bent, rd.Ensemble(members=1000)),
        "MAP": (bent, rd.MAP(starts=8)),
        "lattice HMC": (phi4, lattice.HMC(chains=4, warmup=200, draws=1000)),
        "lattice SMC": (phi4, lattice.LatticeSMC(particles=2000)),
    }
    return {name: ours(rd.infer(*case, seed=5, path=folder / name.replace(" ", "_"))) for name, case in cases.items()}


def ours(result):
    """Means, standard deviations, effective sizes, R-hat and elpd as this package has them."""
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp
    from numpy import asarray

    from retrodict.inference.diagnostics import pareto_smooth
    from retrodict.num.weighted import weighted_statistics

    known = result.diagnostics
    numbers = {}
    for name in result.scalars:
        row = weighted_statistics(*result.draws(name))
        own = known.get("per_quantity", {}).get(name, {})
        size = own.get("ess_bulk", own.get("particle_ess", known.get("weight_ess")))
        numbers[name] = {"mean": float(row["mean"]), "sd": float(row["sd"]), "ess": size, "rhat": own.get("rhat")}
    loo = None
    if "log_likelihood" in result.tree.children and result.tree["posterior"].sizes["draw"] > 1:
        pointwise = asarray(result.tree["log_likelihood"]["data"])
        pointwise = jnp.asarray(pointwise.reshape(-1, pointwise.shape[-1]))
        weights = jnp.stack([pareto_smooth(-column)[0] for column in pointwise.T], axis=1)
        loo = float(jnp.sum(logsumexp(weights + pointwise, axis=0) - logsumexp(weights, axis=0)))
    return {"numbers": numbers, "loo": loo, "chains": "rhat" in known, "kind": known["kind"]}


def read(folder):
    """By an interpreter with ArviZ: the same numbers of every result in `folder`, as JSON on standard output."""
    import warnings

    import arviz as az
    import matplotlib

    matplotlib.use("Agg")
    warnings.simplefilter("ignore")
    old = az.__version__.startswith("0.")
    found = {}
    for path in sorted(Path(folder).glob("*/result.nc")):
        data = az.from_netcdf(str(path))
        names = [name for name in data.posterior.data_vars if data.posterior[name].ndim == 2]
        table = az.summary(data, var_names=names, round_to="none")
        rows = {
            str(name): {key: float(row[key]) for key in row.index if "=" not in str(key)}
            for name, row in table.iterrows()
        }
        entry = {"numbers": rows, "loo": None, "pair": False}
        if "log_likelihood" in (data.groups() if old else data.children) and data.posterior.sizes["draw"] > 1:
            loo = az.loo(data)
            entry["loo"] = float(loo.elpd_loo if old else loo.elpd)
        if len(names) > 1 and data.posterior.sizes["draw"] > 1 and "diverging" in data.sample_stats:
            if old:
                az.plot_pair(data, var_names=names[:2], divergences=True)
            else:
                az.plot_pair(data, var_names=names[:2], visuals={"divergence": True})
            entry["pair"] = True
        found[path.parent.name.replace("_", " ")] = entry
    print(json.dumps({"version": az.__version__, "found": found}))


def compare(own, version, found):
    """Print the deviations; how many are out of bounds."""
    print(f"\nArviZ {version}")
    print(
        f"{'result':18}{'quantity':16}{'mean/err':>10}{'sd %':>8}{'ESS ours':>10}{'ArviZ':>8}{'dR-hat':>9}{'d elpd':>9}"
    )
    bad = 0
    for case, mine in own.items():
        theirs = found[case]
        for name, row in mine["numbers"].items():
            there = theirs["numbers"][name]
            size = row["ess"] or 1000.0
            deviations = {
                "mean": (there["mean"] - row["mean"]) / (row["sd"] / size**0.5)
                if row["sd"] > 0
                else there["mean"] - row["mean"],
                "sd": 100 * (there["sd"] / row["sd"] - 1) if row["sd"] > 0 else 0.0,
            }
            if row["ess"]:
                deviations["ess chains" if mine["chains"] else "ess others"] = there["ess_bulk"] / row["ess"] - 1
            if row["rhat"]:
                deviations["rhat"] = there["r_hat"] - row["rhat"]
            if mine["loo"] is not None:
                deviations["loo"] = theirs["loo"] - mine["loo"]
            wrong = [key for key, value in deviations.items() if not abs(value) <= BOUNDS[key]]
            bad += len(wrong)
            print(
                f"{case:18}{name:16}{deviations['mean']:10.3f}{deviations['sd']:8.2f}{row['ess'] or float('nan'):10.0f}"
                f"{there['ess_bulk']:8.0f}{deviations.get('rhat', float('nan')):9.4f}"
                f"{deviations.get('loo', float('nan')):9.3f}  {'pair' if theirs['pair'] else ''}  {', '.join(wrong)}"
            )
    return bad


def main():
    """Make the results, have each interpreter read them, compare."""
    if sys.argv[1:2] == ["--read"]:
        return read(sys.argv[2])
    if not sys.argv[1:]:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        own, bad = runs(Path(folder)), 0
        for interpreter in sys.argv[1:]:
            # -P: this file is called arviz.py, and must not be what `import arviz` finds.
            there = [interpreter, "-P", __file__, "--read", folder]
            answer = json.loads(
                subprocess.run(there, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            bad += compare(own, answer["version"], answer["found"])
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
