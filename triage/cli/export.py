"""`triage export`: write a model for another runtime, with all that its answers need."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage.cli.common import Talk, json_option, print_json, quiet_option, tell
from triage.errors import CannotWrite, CheckFailed, UsageError
from triage.host.manager import Plugins
from triage.host.protocols import Exports

if TYPE_CHECKING:
    from triage.models.model import Model

FORMS = ("onnx", "savedmodel", "tflite")
AGREEMENT = 1e-5
"""How far the probabilities of what was written may be from the model's own."""


@click.command()
@click.argument("model")
@click.option("--format", "-f", "form", type=click.Choice(FORMS), default="onnx", show_default=True)
@click.option("--out", "-o", required=True, metavar="DIR", help="The directory to write: a new one.")
@json_option
@quiet_option
def command(*, model: str, form: str, out: str, as_json: bool, quiet: bool) -> None:
    """Write the network of MODEL for ONNX Runtime, TensorFlow Serving or LiteRT.

    What is written is loaded again and asked the model's golden texts: it is called done only if it gives
    the same probabilities. Beside it, serving.json holds the cleaning steps, the vocabulary, the classes and
    the temperature: the network itself takes token ids and gives probabilities that are not calibrated.

    \b
    Examples:
      triage export model --out exported
      triage export model --format savedmodel --out exported
      triage export model --format tflite --out exported
    """
    from triage.models.model import load_model

    talk = Talk(quiet=quiet)
    loaded = load_model(model, Plugins.discover(warn=talk.say))
    if not isinstance(loaded.classifier, Exports) or loaded.vectorizer is None:
        raise UsageError(f"models of the backend {loaded.backend!r} cannot be exported: they hold no network")
    folder = Path(out)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise CannotWrite(f"{out!r} exists already: name a new directory") from None
    except OSError as error:
        raise CannotWrite(f"cannot make the directory {out!r}: {error.strerror}") from error
    try:
        with talk.stage(f"writing {form}"):
            apart = _write(loaded, form, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if as_json:
        print_json({"model": loaded.sha256, "format": form, "out": out, "largest_difference": apart})
        return
    tell(f"wrote {out}: loaded again, its probabilities are within {apart:.1g} of the model's")


def _write(model: Model, form: str, folder: Path) -> float:
    """Write everything, and return how far the answers of what was written are from the model's."""
    from triage.evaluation.runs import to_json
    from triage.io.files import write_file
    from triage.models.model import GOLDEN_TEXTS

    assert isinstance(model.classifier, Exports)
    assert model.vectorizer is not None
    samples = model.inputs(model.cleaning.apply(GOLDEN_TEXTS))
    length = model.vectorizer.max_length
    apart = model.classifier.export(form, folder, samples=samples, max_length=length)
    if not apart <= AGREEMENT:
        raise CheckFailed(
            f"as {form} the model answers differently: probabilities are off by up to {apart:.2g}, "
            f"and {AGREEMENT:g} is allowed"
        )
    record = {
        "model": model.sha256,
        "cleaning": [[name, dict(options)] for name, options in model.cleaning.steps],
        "vocabulary": list(model.vectorizer.vocabulary),
        "max_length": length,
        "classes": list(model.classes),
        "calibration": model.calibration.to_json(),
    }
    write_file(folder / "serving.json", to_json(record).encode())
    return apart
