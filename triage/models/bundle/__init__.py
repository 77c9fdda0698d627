"""A model on disk: a directory of hashed files, none of which is code, replaced whole or not at all.

    MODEL/
      MANIFEST.json         schema version; SHA-256 and size of every other file
      model.json            schema version, and what the caller says about the model
      state.json            what was learned; arrays and files stand in it as references
      weights.safetensors   the arrays, where there are any
      vocabulary.json       the list of strings called `vocabulary_`, where there is one
      network.onnx, *.bin   bytes that the classifier keeps, where it keeps any
      calibration.json      from scores to probabilities
      golden.json           synthetic texts and the probabilities that they must reproduce
      *.json                further records, such as a certificate

Beside it, and only while somebody writes: `.MODEL.lock` (who), `.MODEL.<hex>.new` (the next model, not yet
complete), `.MODEL.previous` (the last one, between two renames) and `.MODEL.<hex>.old` (on its way out).
A reader never sees a mixture: it takes MODEL, or `.MODEL.previous` while MODEL is being exchanged, and uses
only bytes whose hash it has checked.
"""

from triage.models.bundle.content import Bundle, Golden, check_golden
from triage.models.bundle.locks import Lock, lock
from triage.models.bundle.reading import read
from triage.models.bundle.writing import write

__all__ = ["Bundle", "Golden", "Lock", "check_golden", "lock", "read", "write"]
