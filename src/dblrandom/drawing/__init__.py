"""The draw from end to end: what is committed, revealed, drawn and substituted (docs/spec, sections 3 to 6).

Nothing here is signed, dated or trusted: these are the rules that a ceremony follows and a verifier follows again.
"""

from dblrandom.drawing.commitment import Commitment, Declared
from dblrandom.drawing.draw import Draw, TaskDraw, make_draw
from dblrandom.drawing.revealing import Value
from dblrandom.drawing.standing import Standing

__all__ = ["Commitment", "Declared", "Draw", "Standing", "TaskDraw", "Value", "make_draw"]
