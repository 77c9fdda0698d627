"""Texts that are read while they are being written: an answer for each piece, a decision before the end."""

from triage.routing.streaming.answers import StreamAnswer
from triage.routing.streaming.batch import MOST_CHARACTERS, StreamBatch
from triage.routing.streaming.single import Stream

__all__ = ["MOST_CHARACTERS", "Stream", "StreamAnswer", "StreamBatch"]
