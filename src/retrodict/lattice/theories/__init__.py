"""The lattice theories: one file each, which states all that samplers, files and reports need of it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrodict.lattice.core.action import AbstractAction


def kinds() -> "tuple[type[AbstractAction], ...]":
    """The theories that the files of this folder define, by name: a new file joins by itself.

    Example:
        >>> [kind.__name__ for kind in kinds()]
        ['ContinuumPhi4', 'FeynmanPath', 'Ising', 'Phi4', 'Wilson', 'XY']
    """
    import importlib
    import inspect
    import pkgutil

    from retrodict.lattice.core.action import AbstractAction

    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    classes = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, AbstractAction) and value.__module__ == module.__name__
    }
    return tuple(sorted((kind for kind in classes if not inspect.isabstract(kind)), key=lambda kind: kind.__name__))
