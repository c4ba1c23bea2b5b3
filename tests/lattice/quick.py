"""Compilation without optimisation: for programs that run a few times only, it would take most of the time."""

import functools

import jax

quick = functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
