"""A pipeline: a list of steps over named frames, checked when the job is submitted, then run step by step."""

from jobs.pipeline.bounds import Bounds
from jobs.pipeline.failures import StepDetails, failure_details, final
from jobs.pipeline.parsed import ParsedPipelines
from jobs.pipeline.pipeline import NO_OBSERVER, Observer, Pipeline
from jobs.pipeline.reading import WHOLE, Reading
from jobs.pipeline.steps import Step

__all__ = [
    "NO_OBSERVER",
    "WHOLE",
    "Bounds",
    "Observer",
    "ParsedPipelines",
    "Pipeline",
    "Reading",
    "Step",
    "StepDetails",
    "failure_details",
    "final",
]
