"""Speed and quality of assignopt, measured beside the alternatives in one run.

``python -m benchmarks list`` and ``python -m benchmarks run SUITE``; see :mod:`benchmarks.runner`.
"""
