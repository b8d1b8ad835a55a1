"""What a plan file may cost, told in one pass over its text before the TOML parser sees it.

The parser recurses into arrays, and takes memory with the square of a dotted key's parts and a kilobyte for each empty
table; an unclosed text made an earlier look at the brackets search it again and again.
"""

from __future__ import annotations

import re

from dblrandom import limits
from dblrandom.errors import PlanError

__all__ = ["check_toml"]

# Every alternative takes what it begins with, a text without an end too, and gives nothing back: one pass in any case.
_PIECE = re.compile(
    r'''(?xs)
    (?P<text> """ (?: [^"\\]++ | \\. | "(?!"") )*+ (?: "{3,5} | \\? \Z )
        | \'\'\' (?: [^']++ | '(?!'') )*+ (?: '{3,5} | \Z )
        | " (?: [^"\\\n]++ | \\[^\n] )*+ (?: " | \\? (?: \n | \Z ) )
        | ' [^'\n]*+ (?: ' | \n | \Z ) )
    | (?P<remark> \# [^\n]*+ )
    | (?P<word> [^\s"'\#\[\]{}.,=]++ )
    | (?P<mark> [\[\]{}.,=] )
    '''
)


def check_toml(text: str, where: str) -> None:
    """Refuse a plan file that is over one of the budgets; whether it is TOML is the parser's to say.

    Raises:
        PlanError: naming the budget, and the line at which it is spent.
    """
    if len(text) > limits.PLAN_CHARACTERS:
        raise PlanError(f"has over {limits.PLAN_CHARACTERS} characters; split the plan", where=where)
    tables = values = depth = parts = 0
    for piece in _PIECE.finditer(text):
        kind, mark, size = piece.lastgroup, piece[0], piece.end() - piece.start()
        problem = ""
        if kind == "mark":
            depth += (mark in "[{") - (mark in "]}")
            parts = parts + 1 if mark == "." else 0
            tables += mark in "[{."
            values += mark in "=,"
            if depth > limits.PLAN_DEPTH or parts >= limits.PLAN_KEY_PARTS:
                problem = "is nested too deeply to be a plan"
            elif tables > limits.PLAN_TABLES or values > limits.PLAN_VALUES:
                problem = f"has over {limits.PLAN_TABLES} tables or {limits.PLAN_VALUES} values; split the plan"
        elif kind == "text" and size > limits.PLAN_TEXT:
            problem = f"has a text of over {limits.PLAN_TEXT} characters; shorten it"
        elif kind == "word" and size > limits.PLAN_WORD:
            problem = f"has a key or a number of over {limits.PLAN_WORD} characters; shorten it"
        elif kind == "word" and size > limits.PLAN_NUMBER and mark.lstrip("+-")[:1].isdigit():
            problem = f"has a number of over {limits.PLAN_NUMBER} characters, which no plan needs; lower it"
        if problem:
            line = text.count("\n", 0, piece.start()) + 1
            raise PlanError(f"{problem} (line {line})", where=where)
