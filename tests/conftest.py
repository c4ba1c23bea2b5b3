"""What every test shares: float64, a cache of compiled programs, and a compiler that is told to be quick: without
fusion kernels of its own everywhere, and without most optimisations in the folders whose programs run a few times only.

Shape annotations are not checked by `make test`. `make shapes` checks them, with the tests named in tests/shapes.txt:
it gives pytest the option `--jaxtyping-packages=retrodict,beartype.beartype`, by which every function of the package
is checked at run time as it is called.
"""

import gc
import os
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

import retrodict  # noqa: F401  (float64 before JAX is imported)

CACHE = Path(os.environ.get("RETRODICT_TEST_CACHE", Path(tempfile.gettempdir()) / "retrodict-jax-cache"))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

QUICK_FLAG = "--xla_cpu_use_fusion_emitters=false"  # a third less compilation; an unknown flag would end the process
if version("jaxlib").startswith("0.10."):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {QUICK_FLAG}".strip()

import jax  # noqa: E402  (after the cache is named and the compiler told)

gc.set_threshold(50_000, 20, 50)  # tracing makes millions of short-lived objects: looking through them is work

TESTS = Path(__file__).parent
QUICK = ("cli", "generate", "hadron", "heavy_ion", "inference", "lattice", "neutron_star", "spectral")  # folders
MAPPINGS = Path("/proc/self/maps")
MOST_MAPPINGS = 20_000  # of memory; Linux allows 65530, and aborts the compiler that asks for one more


@pytest.fixture(scope="module", autouse=True)
def compilation_is_quick_where_programs_run_a_few_times_only(request):
    """Without most of the compiler's optimisations these tests take two thirds as long."""
    quick = Path(request.path).relative_to(TESTS).parts[0] in QUICK
    jax.config.update("jax_disable_most_optimizations", quick)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module", autouse=True)
def compiled_programs_do_not_pile_up():
    """A worker that runs thousands of tests would hold thousands of compiled programs, each in several mappings."""
    yield
    if MAPPINGS.is_file() and MAPPINGS.read_bytes().count(b"\n") > MOST_MAPPINGS:
        jax.clear_caches()
        gc.collect()
