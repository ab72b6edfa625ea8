"""What each rep has carried so far, and who had which task when: a log that only grows.

Plans, absences and corrections flow in; the history table of the next Problem, and answers about
the past, flow out. The state is the log, as JSON, and belongs to the caller.
"""

from .ledger import Ledger

__all__ = ["Ledger"]
