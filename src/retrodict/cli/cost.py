"""What a run would cost, from its traced functions: nothing is compiled, nothing is run.

A method may list its work (`run.method.Work`); of any other it is taken that each step evaluates the density at each of
its `positions_per_step`, with the gradient if it `uses_gradient`. The operations of one evaluation are counted in its
jaxpr, loops multiplied by their lengths where these are known. It is an order of magnitude, meant to tell a minute from
a day.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.extend.core as jax_core
import jax.numpy as jnp
import jax.random as jr

from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Accountable, Method, Work

TargetT = TypeVar("TargetT", bound=AbstractTarget)
StateT = TypeVar("StateT")

RATE = 3e9  # operations a second of compiled code on one core, batched: 3e9 ... 7e9 were seen
GRADIENT = 4.0  # cost of value and gradient over that of the value
TRANSCENDENTAL = {"exp", "log", "tanh", "sin", "cos", "pow", "log1p", "expm1", "logistic", "erf", "erf_inv", "sqrt"}
TRANSCENDENTAL_COST = 8.0
COMPLEX_COST = 4.0  # of a sum or product of complex numbers: 2 ... 6
NARROW_COST = 0.5  # of numbers of 32 bits: twice as many fit into a register, and into the cache


@dataclass(frozen=True)
class Part:
    """Evaluations of one function: `repeats`, one after another, each for `width` side by side."""

    name: str
    repeats: int
    width: int
    operations: float  # one evaluation
    elements: float  # numbers that it makes on its way: what reverse differentiation keeps
    gradient: bool

    @property
    def seconds(self) -> float:
        """At least, on one core, after compilation."""
        return self.repeats * self.width * self.operations * (GRADIENT if self.gradient else 1.0) / RATE

    @property
    def memory(self) -> float:
        """Bytes, at most, that differentiation keeps of all that goes on side by side."""
        return 8.0 * self.width * self.elements if self.gradient else 0.0

    def __str__(self) -> str:
        kind = "solves with gradient" if self.gradient else "solves"
        return f"{self.repeats} x {self.width} {kind} or more, {self.operations:.1g} operations each"


@dataclass(frozen=True)
class Cost:
    """Of all steps that a method may take."""

    steps: int
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """At least, on one core, after compilation."""
        return sum(part.seconds for part in self.parts)

    @property
    def memory(self) -> float:
        """Bytes, at most."""
        return max(part.memory for part in self.parts)

    def by_name(self) -> dict[str, float]:
        """Seconds of what goes by the same name."""
        found: dict[str, float] = {}
        for part in self.parts:
            found[part.name] = found.get(part.name, 0.0) + part.seconds
        return found

    def __str__(self) -> str:
        told = [f"{name} {_time(seconds)}" for name, seconds in self.by_name().items() if seconds >= 1]
        what = f"{self.parts[0]}: " if len(self.parts) == 1 and not self.parts[0].name else ""
        memory = f"; up to {self.memory / 2**20:.0f} MiB" if self.memory else ""
        detail = f" ({', '.join(told)})" if len(told) > 1 else ""
        return f"{what}from {_time(self.seconds)} on one core, after compilation{detail}{memory}"


def latents(target: AbstractTarget) -> int:
    """The number of unknown numbers.

    Args:
        target: the target.
    """
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(jax.eval_shape(target.init, jr.key(0))))


def estimate(target: TargetT, method: Method[TargetT, StateT] | Accountable[TargetT]) -> Cost:
    """The cost of a method on a target.

    Args:
        target: the target; nothing of it is evaluated.
        method: the method, which may list its work.
    """
    if isinstance(method, Accountable):
        return Cost(method.steps, tuple(_part(work) for work in method.work(target)))
    start = jax.eval_shape(target.init, jr.key(0))
    work = Work("", target.log_density, (start,), method.steps, method.uses_gradient)
    return Cost(method.steps, (_part(work, method.positions_per_step),))


def _part(work: Work, width: int = 1) -> Part:
    traced, _, _ = eqx.filter_make_jaxpr(work.function)(*work.arguments)
    operations, elements = _count(traced.jaxpr, work.loops)
    return Part(work.name, work.repeats, width, operations, elements, work.gradient)


def _count(jaxpr: Any, loops: float) -> tuple[float, float]:
    """Operations, and numbers made; a loop of unknown length counts `loops` times, of two branches the dearer."""
    operations = elements = 0.0
    for equation in jaxpr.eqns:
        inner = [_count(body, loops) for body in _bodies(equation)]
        repeat = {"scan": equation.params.get("length", 1), "while": loops}.get(equation.primitive.name, 1)
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
    """Of one primitive; numbers drawn at random, gathered and moved count as one each."""
    return sum(math.prod(out.aval.shape) * _worth(out.aval.dtype) for out in equation.outvars) * _each(equation)


def _worth(dtype: Any) -> float:
    """Of an operation on such a number, over that on a real number of 64 bits."""
    twisted = jnp.issubdtype(dtype, jnp.complexfloating)
    narrow = dtype in (jnp.float32, jnp.complex64)
    return (COMPLEX_COST if twisted else 1.0) * (NARROW_COST if narrow else 1.0)


def _each(equation: Any) -> float:
    """Operations for each number that comes out; of a product of matrices a multiplication with its sum is one."""
    name, inputs = equation.primitive.name, equation.invars
    if name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        return math.prod(inputs[0].aval.shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = inputs[1].aval.shape
        return math.prod(kernel) / kernel[equation.params["dimension_numbers"].rhs_spec[0]]
    if name == "fft":
        return 2 * math.log2(math.prod(equation.params["fft_lengths"]))
    if name in ("cholesky", "triangular_solve", "lu", "qr", "eigh", "svd"):
        return inputs[0].aval.shape[-1]
    return TRANSCENDENTAL_COST if name in TRANSCENDENTAL else 1.0


def _time(seconds: float) -> str:
    for unit, length in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else "under a second"
