"""What is known of a job before it runs: the schemas of its inputs, and what its steps make of them without rows."""

from jobs.planning.look import look
from jobs.planning.plan import PlannedStep, planned
from jobs.planning.schema import Known, Schema
from jobs.planning.signature import signature
from jobs.planning.trial import problems_of

__all__ = ["Known", "PlannedStep", "Schema", "look", "planned", "problems_of", "signature"]
