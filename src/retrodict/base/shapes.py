"""Shapes of NumPy arrays in annotations of modules that must start quickly: `Float[np.ndarray, " points"]`.

Type checkers see jaxtyping. At run time jaxtyping is used if something has imported it already (JAX code, the checks of
shapes in the tests); a program that only reads a table does not wait a tenth of a second for it.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Complex, Float, Inexact, Int, Shaped, UInt64
else:

    class _Unchecked:
        """Stands for a jaxtyping dtype; `Float[np.ndarray, " points"]` is the array type itself."""

        def __class_getitem__(cls, item: tuple[Any, str]) -> Any:
            return item[0]

    Bool = Complex = Float = Inexact = Int = Shaped = UInt64 = _Unchecked

__all__ = ["Bool", "Complex", "Float", "Inexact", "Int", "Shaped", "UInt64"]
