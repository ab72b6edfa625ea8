"""Diff: what changes from one plan to another, as frames, as JSON and in print."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..plan import frame_of, rows_of, table_text
from ..wording import counted
from .loads import BY_PERSON, LOADS
from .measuring import MEASURES, TERMS
from .moving import MOVES
from .words import number, signed

_FRAMES = {
    "moves": MOVES,
    "loads": LOADS,
    "terms": TERMS,
    "measures": MEASURES,
    "by_person": BY_PERSON,
}

if TYPE_CHECKING:
    from ..objectives import Quantity
    from ..report.measuring import Per


@dataclass(frozen=True, eq=False)
class Diff:
    """What changes from one plan to another; always after minus before.

    Parameters
    ----------
    moves
        Frame, a row for each seat whose holder differs: task_id, role, from_rep, to_rep (missing:
        nobody), kind, reason, effort_change, fit_change, value_change (an open seat counts 0).
        ``kind`` is one of

        * ``new``, ``gone``: the task, or the role, is;
        * ``assigned``: the seat was open;
        * ``forced``: the rep left the team, or a rule on the pair rules it out in the problem
          after; ``reason`` says which;
        * ``left_open``, ``reassigned``: no rule on the pair forced it. That is not to say that
          nothing did: a capacity, or a rule on several tasks, may have;
        * ``holders``: one of several reps who hold the seat against the rules comes or goes.
    loads
        Frame, a row for each rep of either problem: rep_id, in_before, in_after; and tasks, load,
        worth, value and burden, each ``_before``, ``_after`` and ``_change``. A rep has 0 of
        everything, carried load included, in a problem that does not have it.
    terms
        Frame, a row for each tier of the problem after: term, before, after, change, better.
        ``better`` follows the whole order of the tier (of ``leximax`` the second largest share and
        so on, if as many reps are measured), and is missing where the plans tie.
    measures
        Frame: measure, before, after, change, for everything in
        :attr:`assignopt.LoadReport.overall`; NaN where nobody can be measured.
    by_person
        Frame, a row for each rep whom a change concerns: rep_id, gained and lost (tuples of the
        ids of tasks), kept (how many seats stay), load_change, sentence.
    notes
        Sentences on what differs between the two problems, and on what was left out.
    of, per
        What ``measures`` is about.
    effort_unit
        Of all efforts and loads.
    kept
        How many seats stay with their holder.
    """

    moves: pd.DataFrame
    loads: pd.DataFrame
    terms: pd.DataFrame
    measures: pd.DataFrame
    by_person: pd.DataFrame
    notes: tuple[str, ...]
    of: Quantity
    per: Per
    effort_unit: str
    kept: int

    def to_data(self) -> dict[str, Any]:
        """Give everything as plain data, ready for JSON; None for what is missing or infinite."""
        frames = {name: getattr(self, name) for name in _FRAMES}
        return {
            "notes": list(self.notes),
            "of": self.of,
            "per": self.per,
            "effort_unit": self.effort_unit,
            "kept": self.kept,
            **{
                name: rows_of(frame.replace([np.inf, -np.inf], np.nan))
                for name, frame in frames.items()
            },
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Give everything as JSON text; ``null`` for what is missing or infinite.

        Examples
        --------
        >>> import json
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("acme")])
        >>> found = ao.diff(ao.audit(problem, {}), ao.audit(problem, {"acme": "ana"}))
        >>> json.loads(found.to_json())["by_person"][0]["gained"]
        ['acme']
        """
        return json.dumps(self.to_data(), ensure_ascii=False, indent=indent, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Diff:
        """Read what :meth:`to_json` wrote; infinite numbers come back as missing.

        Examples
        --------
        >>> import assignopt as ao
        >>> problem = ao.Problem([ao.Rep("ana")], [ao.Task("acme")])
        >>> found = ao.diff(ao.audit(problem, {}), ao.audit(problem, {"acme": "ana"}))
        >>> ao.Diff.from_json(found.to_json()).moves.equals(found.moves)
        True
        """
        data = json.loads(text)
        for row in data["by_person"]:
            row["gained"], row["lost"] = tuple(row["gained"]), tuple(row["lost"])
        frames = {name: frame_of(data[name], dtypes) for name, dtypes in _FRAMES.items()}
        return cls(**{**data, "notes": tuple(data["notes"]), **frames})

    def headline(self) -> str:
        """Say in one line how much changes."""
        kinds = self.moves["kind"].value_counts(sort=False)
        told = ", ".join(f"{n:,} {str(kind).replace('_', ' ')}" for kind, n in kinds.items())
        moves = counted(len(self.moves), "move") + (f" ({told})" if told else "")
        people = counted(len(self.by_person), "rep")
        return f"{moves}; {counted(self.kept, 'seat')} as before; {people} concerned"

    def __str__(self) -> str:
        parts = [self.headline()]
        if self.notes:
            parts.append("\nWhat else differs:\n" + "\n".join(f"  {note}" for note in self.notes))
        if len(self.terms):
            parts.append("\nWhat is asked for, most important first:\n" + table_text(self._terms()))
        if len(self.by_person):
            told = self.by_person["sentence"]
            lines = [f"  {sentence}" for sentence in told.head(40)]
            lines += [f"  ... and {len(told) - 40} more"] if len(told) > 40 else []
            parts.append("\nFor each person:\n" + "\n".join(lines))
        if len(self.moves):
            columns = ["task_id", "role", "from_rep", "to_rep", "reason"]
            shown = self.moves[columns].fillna("nobody")
            parts.append(f"\nMoves ({len(shown)}):\n" + table_text(shown, 20))
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"<Diff: {self.headline()}>"

    def _terms(self) -> pd.DataFrame:
        words = self.terms["better"].astype(object).map({True: "better", False: "worse"})
        return pd.DataFrame(
            {
                "term": self.terms["term"],
                "before": self.terms["before"].map(number),
                "after": self.terms["after"].map(number),
                "change": self.terms["change"].map(signed),
                "": words.fillna("a tie"),
            }
        )

    def _repr_html_(self) -> str:
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        tables = (self._terms(), self.by_person[["rep_id", "sentence"]], self.moves)
        shown = "".join(t.to_html(index=False, max_rows=40, border=0) for t in tables)
        return f"<p><b>{html.escape(self.headline())}</b></p><ul>{notes}</ul>{shown}"
