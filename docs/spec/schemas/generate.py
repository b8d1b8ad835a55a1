"""Writes the JSON Schema of every receipt type beside this file: `python docs/spec/schemas/generate.py`."""

from __future__ import annotations

import json
from pathlib import Path

from dblrandom import schemas


def texts() -> dict[str, str]:
    """The content of every schema file, by the file's name."""
    return {
        f"{kind}.json": json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for kind, schema in schemas().items()
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (Path(__file__).parent / name).write_text(text, encoding="utf-8")
