"""Simulating: policies on the same streams, compared."""
