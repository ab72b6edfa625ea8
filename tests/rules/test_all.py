"""Every rule of the union has its trios."""

from __future__ import annotations

from typing import get_args

import test_counts
import test_loads
import test_pairs
import test_sets

from assignopt.rules import AnyRule

FILES = [test_counts, test_loads, test_pairs, test_sets]


def test_every_rule_has_a_trio() -> None:
    kinds = {rule.model_fields["kind"].default for rule in get_args(AnyRule)}
    tested = {name.removeprefix("test_") for file in FILES for name in vars(file)}
    assert kinds <= tested, kinds - tested
