"""Streams: what comes when, from a problem, a history or a generator."""
