"""What a run would cost, from the traced forward model: nothing is compiled, nothing is run.

The operations of one forward solve are counted in its jaxpr, loops multiplied by their lengths where these are known.
It is an order of magnitude, meant to tell a minute from a day.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.extend.core as jax_core
import jax.random as jr

RATE = 3e9  # operations a second of compiled code on one core, batched: 3e9 ... 7e9 were seen
GRADIENT = 4.0  # cost of value and gradient over that of the value
WITHOUT_GRADIENT = ("Importance",)
WIDTHS = ("chains", "members", "particles", "starts", "batch")  # how methods call what they do side by side
TRANSCENDENTAL = {"exp", "log", "tanh", "sin", "cos", "pow", "log1p", "expm1", "logistic", "erf", "erf_inv", "sqrt"}
TRANSCENDENTAL_COST = 8.0


@dataclass(frozen=True)
class Cost:
    """Of all steps that a method may take, each at least one evaluation for each of `width` side by side."""

    steps: int
    width: int
    operations: float  # one forward solve
    elements: float  # numbers that it makes on its way: what reverse differentiation keeps
    gradient: bool

    @property
    def seconds(self) -> float:
        """At least, on one core, after compilation."""
        return self.steps * self.width * self.operations * (GRADIENT if self.gradient else 1.0) / RATE

    @property
    def memory(self) -> float:
        """Bytes, at most, of all that goes on side by side."""
        return 8.0 * self.width * self.elements

    def __str__(self) -> str:
        kind = "solves with gradient" if self.gradient else "solves"
        memory = f"; up to {self.memory / 2**20:.0f} MiB" if self.gradient else ""
        return (
            f"{self.steps} x {self.width} {kind} or more, {self.operations:.1g} operations each:"
            f" from {_time(self.seconds)} on one core, after compilation{memory}"
        )


def latents(target: Any) -> int:
    """The number of unknown numbers."""
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(jax.eval_shape(target.init, jr.key(0))))


def estimate(target: Any, method: Any) -> Cost:
    """The cost of `method` on `target`."""
    traced = jax.make_jaxpr(target.log_density)(jax.eval_shape(target.init, jr.key(0)))
    operations, elements = _count(traced.jaxpr)
    settings = vars(method)
    width = next((settings[name] for name in WIDTHS if isinstance(settings.get(name), int)), 1)
    return Cost(method.steps, width, operations, elements, type(method).__name__ not in WITHOUT_GRADIENT)


def _count(jaxpr: Any) -> tuple[float, float]:
    """Operations, and numbers made; a loop of unknown length counts once, of two branches the dearer."""
    operations = elements = 0.0
    for equation in jaxpr.eqns:
        inner = [_count(body) for body in _bodies(equation)]
        repeat = equation.params["length"] if equation.primitive.name == "scan" else 1
        if equation.primitive.name == "cond":
            inner = [max(inner)]
        if not inner:
            inner = [(_operations(equation), _size(equation))]
        operations += repeat * sum(pair[0] for pair in inner)
        elements += repeat * sum(pair[1] for pair in inner)
    return operations, elements


def _bodies(equation: Any) -> list[Any]:
    """The jaxprs inside an equation: loop bodies, branches, inlined functions."""
    values = [item for value in equation.params.values() for item in (value if isinstance(value, tuple) else (value,))]
    closed = [value.jaxpr for value in values if isinstance(value, jax_core.ClosedJaxpr)]
    return [*closed, *(value for value in values if isinstance(value, jax_core.Jaxpr))]


def _size(equation: Any) -> float:
    return float(sum(math.prod(out.aval.shape) for out in equation.outvars))


def _operations(equation: Any) -> float:
    size, name = _size(equation), equation.primitive.name
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        return 2 * size * math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
    if name in ("cholesky", "triangular_solve", "lu", "qr", "eigh", "svd"):
        return size * equation.invars[0].aval.shape[-1]
    return size * (TRANSCENDENTAL_COST if name in TRANSCENDENTAL else 1.0)


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else "under a second"
