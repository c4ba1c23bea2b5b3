"""A domain small enough to read at a glance: the straight line through points. It stands in for real physics here."""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from pydantic import Field

from retrodict.base import domains
from retrodict.base.domain import Domain, Reader, ReportHooks
from retrodict.base.errors import InputError
from retrodict.base.files import read_text
from retrodict.base.recognition import Column, Layout
from retrodict.inference.importance import Importance
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity

METRE = {"m": 1.0}
X = np.linspace(0.0, 1.0, 5)
SHIPPED = "x [m], y [m], error [m]\n0, 1.0, 0.1\n0.5, 2.1, 0.1\n1, 2.9, 0.1\n"


class Straight(AbstractAnsatz):
    """y = intercept + slope x."""

    width: float = 3.0
    centre: Float[Array, " 2"] | None = None

    @property
    def dim(self) -> int:
        return 2

    def __call__(self, z):
        return self.width * z if self.centre is None else self.centre + self.width * z


@dataclass(frozen=True)
class Step:
    at: float
    height: Annotated[float, Field(gt=0)] = 1.0


class Polynomial(AbstractAnsatz):
    degree: int = 2
    steps: tuple[Step, ...] = ()
    scales: tuple[float, ...] = (1.0, 0.5)

    def __check_init__(self):
        if self.degree < 1:
            raise InputError("a polynomial needs a degree of at least 1", got=str(self.degree))

    @property
    def dim(self) -> int:
        return self.degree + 1

    def __call__(self, z):
        return z


class Evaluate(AbstractForward):
    x: Float[Array, " points"]

    def __call__(self, unknown):
        return jnp.polyval(unknown[::-1], self.x), jnp.asarray(True)


@dataclass(frozen=True)
class Draft:
    """A method that is only ever configured."""

    chains: int = 4
    step_size: float = 1e-2
    adapt: bool = True
    mode: str = "plain"
    hook: object = None  # has no written form: left alone

    def check(self, target):
        pass


@dataclass(frozen=True)
class Slow(Importance):
    """Importance sampling that takes its time over every step, so that a signal finds it at work."""

    steps: int = 300

    def step(self, target, state, key, index):
        state, record = super().step(target, state, key, index)
        jax.debug.callback(lambda: time.sleep(0.01))
        return state, record


def problem(
    data: Path | Literal["shipped", "empty"] = "shipped",
    *,
    ansatz: Straight | Polynomial = Straight(),  # noqa: B008
    inflate: Annotated[float, Field(gt=0)] = 1.0,
    note: str = "",
) -> Posterior:
    x, y, error = _read(data)
    return Posterior(
        ansatz,
        Evaluate(jnp.asarray(x)),
        Gaussian(jnp.asarray(y), Covariance.diagonal(inflate * error)),
        derive=_derive,
        quantities=(
            Quantity("slope", label="slope"),
            Quantity("line", unit="m", grid=tuple(X.tolist()), grid_name="x", grid_unit="m"),
        ),
    )


def _derive(unknown, prediction):
    return {"slope": unknown[1], "line": jnp.polyval(unknown[::-1], jnp.asarray(X))}


def _read(data):
    text, where = (SHIPPED, "shipped") if not isinstance(data, Path) else (read_text(data)[0], str(data))
    header, *rows = text.strip().splitlines()
    if "[m]" not in header:
        fix = "x [m], y [m], error [m]"
        raise InputError("unknown unit of length", where=f"{where}:1", got=header, expected="m", fix=fix)
    return np.array([[float(cell) for cell in row.split(",")] for row in rows]).T


def figures(result):
    return ()


def inspect(path):
    x, y, _ = _read(path)
    return {"kind": "points", "points": len(x), "mean_y": {"value": float(np.mean(y)), "unit": "m"}}


TEMPLATE = """\
# A straight line.
domain: line
problem:
  data: shipped        # or the path of a CSV file: x [m], y [m], error [m]
  ansatz:
    kind: Straight     # or Polynomial
    width: 3.0         # prior standard deviation of intercept and slope
method:
  kind: MAP
seed: 0
"""
DOMAIN = Domain(
    name="line",
    title="points on a line -> the line",
    problem="straight_line:problem",
    report=ReportHooks(figures="straight_line:figures"),
    template=TEMPLATE,
    demos={"line": TEMPLATE},
    methods={"Draft": "straight_line:Draft", "Slow": "straight_line:Slow"},
    readers=(
        Reader(
            "points",
            "points with errors",
            "straight_line:inspect",
            layouts=(Layout((Column(("x",), METRE), Column(("y",), METRE)), (Column(("error",), METRE),)),),
            field="problem.data",
        ),
    ),
)


@contextmanager
def line_among_the_domains():
    """The straight line is a domain of the house inside this block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domains, "HOUSE", {**domains.HOUSE, "line": "straight_line:DOMAIN"})
        domains.installed.cache_clear()
        yield
    domains.installed.cache_clear()
