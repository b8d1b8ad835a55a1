"""Frames and samplers: which units a task draws (docs/spec, section 4)."""

from dblrandom.sampling.frame import Frame, MemoryFrame, Sieve, Stratum, check_occur
from dblrandom.sampling.samplers import (
    BUILT_IN,
    Allocation,
    QuotaSampler,
    Sampler,
    has_sampler,
    sampler_for,
    selection_of,
    task_shortfall,
)
from dblrandom.sampling.threshold import Scan, ThresholdFrame, merge_lowest

__all__ = [
    "BUILT_IN",
    "Allocation",
    "Frame",
    "MemoryFrame",
    "QuotaSampler",
    "Sampler",
    "Scan",
    "Sieve",
    "Stratum",
    "ThresholdFrame",
    "check_occur",
    "has_sampler",
    "merge_lowest",
    "sampler_for",
    "selection_of",
    "task_shortfall",
]
