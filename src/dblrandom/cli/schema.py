"""``dblrandom schema``: the JSON Schemas of the receipts."""

from __future__ import annotations

import click

from dblrandom.cli.answer import Answer, command
from dblrandom.evidence import schema as schema_of
from dblrandom.evidence import schemas

__all__ = ["schema"]


@command("schema")
@click.argument("kind", metavar="[TYPE]", required=False)
def schema(kind: str | None) -> Answer:
    """Print the receipts' JSON Schemas.

    That of one TYPE, or all of them by type.
    """
    found = schemas() if kind is None else {kind: schema_of(kind)}
    shown = found if kind is None else found[kind]
    return Answer(data={"schemas": found}, show=lambda screen: screen.document(shown))
