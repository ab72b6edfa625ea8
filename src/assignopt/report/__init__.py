"""LoadReport: how work is shared out, measured per rep, per group and over all.

Works on any plan, ours or somebody else's: the holdings go in, measures of
:mod:`assignopt.metrics` come out, and, when asked, what the unevenness is owed to. It measures; it
does not judge.
"""

from .attribution import Attribution
from .loads import LoadReport, load_report
from .measuring import MEASURES, measures

__all__ = ["MEASURES", "Attribution", "LoadReport", "load_report", "measures"]
