"""`framequeue to-python`: a pipeline as a pandas script."""

from collections.abc import Mapping

from config.settings import Settings
from jobs.errors import FramequeueError
from jobs.pipeline import Bounds, Pipeline
from jobs.script.inputs import inputs_of, read_of
from jobs.script.reads import Read
from jobs.script.script import script_of
from jobs.worker.compute import decode_limits
from service.cli import files as io
from service.cli import render
from service.cli.connect import as_json
from service.cli.run import catalogue_of, read_local
from service.ended import Ended


def to_python(given: str, inputs: Mapping[str, str], settings: Settings, *, charset: str | None) -> None:
    """Print the script. Raises Ended: 1 where the pipeline cannot be one, 2 where a file cannot be read."""
    steps, catalogue = io.pipeline(given), catalogue_of(settings)
    try:
        named = list(inputs) or inputs_of(steps, catalogue)
        pipeline = Pipeline.parse(steps, named, catalogue, bounds=Bounds.of(settings.limits))
        reads = {name: _read(name, file, settings, charset) for name, file in inputs.items()}
    except FramequeueError as error:
        problem = as_json(error.problem)
        render.errors_console().print(render.refusal(0, problem))
        raise Ended("") from None
    render.line(script_of(steps, pipeline, reads).text.rstrip("\n"))


def _read(name: str, file: str, settings: Settings, charset: str | None) -> Read:
    form, _ = io.form_of(name, file, None)
    given = read_local(name, file, None, charset)
    return read_of(file, form.name, given, decode_limits(settings.limits))
