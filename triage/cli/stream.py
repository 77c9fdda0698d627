"""`triage stream`: decide on texts while they are being written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from triage.cli.common import Talk, quiet_option
from triage.errors import DataError
from triage.host.manager import Plugins

if TYPE_CHECKING:
    from triage.routing.streaming import StreamBatch


@click.command()
@click.argument("model")
@click.option(
    "--reread", is_flag=True, help="Read all again with every piece, where the model cannot keep its place."
)
@click.option("--json", "as_json", is_flag=True, help="Lines of JSON in and out, many texts at once.")
@click.option(
    "--max-characters",
    type=click.IntRange(1),
    metavar="N",
    help="Most characters of one text; they are kept until it ends. [1000000]",
)
@quiet_option
def command(*, model: str, reread: bool, as_json: bool, max_characters: int | None, quiet: bool) -> None:
    """Read texts from stdin while they are being written, and decide before they end where that is proven.

    Every piece that arrives is read at once, and costs the same however long the text is. An empty line ends
    a text, and so does the end of the input. After each piece there are probabilities; at the end they are
    those of `triage route`, to 1e-5, however the text was cut. The decision is made at the end, or before it
    once `triage promise MODEL --early` has proven a rule for that; then the rule decides at the end too.

    A model reads forwards if its backend does: gru, lstm, stacked-lstm, simplernn. With others (bilstm, tfidf)
    the command needs --reread: everything written so far is then read again with every piece.

    With --json each line that comes in is an object with an "id" and a piece to "feed", or "end": true, or
    both; each is answered by one line. A line that cannot be understood is answered by an "error".

    \b
    Examples:
      triage stream model < letter.txt
      while read line; do echo "$line"; sleep 1; done < letter.txt | triage stream model
      triage promise model --early --max-error 0.1 && triage stream model
      echo '{"id": "chat 7", "feed": "I was charged twice ", "end": true}' | triage stream model --json
      triage stream tfidf-model --reread < letter.txt
    """
    from triage.models.model import load_model
    from triage.routing.streaming import MOST_CHARACTERS, StreamBatch

    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    loaded = load_model(model, plugins)
    batch = StreamBatch(loaded, plugins, reread=reread, most_characters=max_characters or MOST_CHARACTERS)
    talk.say(_about_early(batch, model))
    if as_json:
        from triage.io.terminal import write_data
        from triage.routing.streaming.json_lines import JsonLines, read_json_lines

        protocol = JsonLines(batch)
        for lines in read_json_lines(sys.stdin.buffer):
            write_data(protocol.answer(lines))
        write_data(protocol.close())
        early, wrong = protocol.early, protocol.errors
    else:
        from triage.cli.stream_view import show
        from triage.routing.streaming.pieces import read_chunks, split_texts

        early, wrong = show(batch, split_texts(read_chunks(sys.stdin.buffer))), 0
    ended = "1 text" if batch.ended == 1 else f"{batch.ended:,} texts"
    talk.say(f"{ended}, {early:,} decided before the end, {batch.read_again:,} read again at the end")
    if wrong:
        raise DataError(f"stdin: {wrong:,} lines could not be used; each was answered by an error")


def _about_early(batch: StreamBatch, model: str) -> str:
    """Say whether there are early decisions, what is promised of them, or how to get them."""
    promise = batch.promise
    if promise is not None:
        lengths = ", ".join(map(str, promise.lengths))
        return (
            f"decides after {lengths} words or at the end: of what is decided early, and of all, at most "
            f"{promise.max_error:.1%} goes to a wrong queue (confidence {promise.confidence:.0%})"
        )
    if not batch.model.prefix_scores:
        return (
            "early decisions are off: the model keeps no scores of unfinished texts. A recurrent "
            "backend that reads forwards does: train the model again with one (`triage plugins`)"
        )
    return (
        "early decisions are off: nothing is proven of them for this model. "
        f"`triage promise {model} --early --max-error 0.05` proves a rule"
    )
