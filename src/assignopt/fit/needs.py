"""The optional packages that learning from a history needs."""

from __future__ import annotations

from importlib.util import find_spec


def need(*packages: str) -> None:
    """Raise unless these packages are there.

    Raises
    ------
    ImportError
        Naming those that are missing, and how to get them.

    Examples
    --------
    >>> need("numpy")
    >>> need("numpy", "nowhere")
    Traceback (most recent call last):
        ...
    ImportError: assignopt.fit needs nowhere, not installed here. pip install 'assignopt[fit]'
    """
    missing = []
    for package in packages:
        try:
            found = find_spec(package) is not None
        except ImportError:
            found = False
        if not found:
            missing.append(package)
    if missing:
        named = " and ".join(missing)
        raise ImportError(
            f"assignopt.fit needs {named}, not installed here. pip install 'assignopt[fit]'"
        )
