"""Frames and samplers: which units a task draws (docs/spec, section 4)."""

from dblrandom.sampling.frame import Frame, MemoryFrame, Stratum
from dblrandom.sampling.samplers import BUILT_IN, Allocation, QuotaSampler, Sampler, sampler_for, selection_of

__all__ = [
    "BUILT_IN",
    "Allocation",
    "Frame",
    "MemoryFrame",
    "QuotaSampler",
    "Sampler",
    "Stratum",
    "sampler_for",
    "selection_of",
]
