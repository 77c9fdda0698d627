"""The history of a training as a picture."""

import struct

import numpy as np
import pytest

from triage.evaluation.runs import write_run
from triage.io.pictures import can_draw, draw_history
from triage.records import Epoch, Evaluation, Run

pytest.importorskip("matplotlib")

EPOCHS = [
    Epoch(number=1, of=3, loss=1.0, tune_loss=0.9, tune_macro_f1=0.4, best=True),
    Epoch(number=2, of=3, loss=0.8, tune_loss=0.7, tune_macro_f1=0.6, best=True),
    Epoch(number=3, of=3, loss=0.7, tune_loss=0.8, tune_macro_f1=0.5),
]


def size_of(image):
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", image[16:24])


def test_losses_and_macro_f1_stand_side_by_side_in_one_image():
    assert can_draw()
    assert size_of(draw_history(EPOCHS, title="gru")) == (1200, 450)


def test_the_same_history_gives_the_same_image():
    assert draw_history(EPOCHS, title="gru") == draw_history(EPOCHS, title="gru")
    assert draw_history(EPOCHS, title="gru") != draw_history(EPOCHS[:2], title="gru")


@pytest.mark.parametrize("title", ["$\\frac{", "\u4e2d\u6587 \U0001f4a3", "a\x1b[31m\nb", ""])
def test_any_title_and_a_history_without_a_tune_part_can_be_drawn(title):
    size_of(draw_history([Epoch(number=1, of=1, loss=1.0)], title=title))


def test_a_run_with_a_history_has_the_picture_and_one_without_has_none(tmp_path):
    from triage.evaluation.evaluate import COSTS

    def written(history, folder):
        evaluation = Evaluation(
            run=Run("tiny", "gru", {}, 1, 3),
            metrics={**dict.fromkeys(COSTS, 0.0), "corpus": "tiny"},
            labels=("a", "b"),
            confusion=np.eye(2, dtype=np.int64),
            codes=np.array([0, 1]),
            probabilities=np.eye(2),
            rows=np.array([0, 1]),
            groups=np.array([0, 1]),
            history=history,
        )
        write_run(folder, evaluation)
        return folder / "history.png"

    size_of(written(EPOCHS, tmp_path / "with").read_bytes())
    assert not written([], tmp_path / "without").exists()
