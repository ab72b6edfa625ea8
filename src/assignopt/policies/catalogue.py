"""A frame of all policies: name, rule, source."""

from __future__ import annotations

from importlib import import_module

import pandas as pd

from .policy import Policy


def catalogue() -> pd.DataFrame:
    """List the policies of this package.

    Returns
    -------
    pandas.DataFrame
        A row for each: policy, rule (in one line), source (whose rule it is).

    Examples
    --------
    >>> import assignopt as ao
    >>> frame = ao.policies.catalogue().set_index("policy")
    >>> frame.loc["LongestWait", "rule"]
    'Whoever has waited longest since their last task, by rule or by hand.'
    """
    package = import_module(__package__)
    rows = []
    for name in package.__all__:
        kind = getattr(package, name)
        if isinstance(kind, type) and issubclass(kind, Policy) and kind is not Policy:
            rule = (kind.__doc__ or "").strip().split("\n")[0]
            rows.append((name, rule, kind.source))
    return pd.DataFrame(rows, columns=["policy", "rule", "source"], dtype="str")
