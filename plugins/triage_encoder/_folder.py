"""The folder of a sentence-transformers model: where it is, and what it says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from triage import BadOption, Unavailable
from triage.plugin_api import read_whole

__all__ = ["Encoder", "find", "read"]

_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
_MOST_JSON = 1 << 20  # bytes


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """A BERT encoder that makes one vector of a text.

    Attributes:
        folder: where it is.
        layers, heads, size: of the transformer; `size` is that of the vector too.
        epsilon: of its layer normalisation.
        max_length: the number of tokens that it reads of a text, with the two special ones.
        pooling: "mean" over the tokens, or "cls".
    """

    folder: Path
    layers: int
    heads: int
    size: int
    epsilon: float
    max_length: int
    pooling: str

    @property
    def weights(self) -> Path:
        """The file with the weights."""
        return self.folder / _WEIGHTS

    @property
    def tokenizer(self) -> Path:
        """The file with the tokenizer."""
        return self.folder / _TOKENIZER


def find(model: str) -> Path:
    """Return the folder of a model.

    Args:
        model: a folder, the name of an installed distribution that carries one, or "" for the only installed
            distribution that does.

    Raises:
        BadOption: there is no such model, or several.
        Unavailable: none is installed.
    """
    if model and Path(model).is_dir():
        return Path(model)
    found = {name: folder for name, folder in _installed().items() if model in ("", name)}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise BadOption(
            f"model must be one of the installed {', '.join(sorted(found))}; set it with --set model="
        )
    if model:
        raise BadOption(
            "model must be a folder or an installed distribution that carries an encoder; found neither"
        )
    raise Unavailable(
        "no sentence encoder is installed: give the folder of a sentence-transformers model with "
        "--set model=FOLDER, or install a distribution that carries one"
    )


def _installed() -> dict[str, Path]:
    """Return the folders with an encoder inside installed distributions, by the distribution's name."""
    found = {}
    for distribution in metadata.distributions():
        for file in distribution.files or ():
            if file.name == _WEIGHTS:
                folder = Path(str(distribution.locate_file(file))).parent
                if (folder / _TOKENIZER).is_file() and (folder / "config.json").is_file():
                    found[distribution.name] = folder
    return found


def read(folder: Path) -> Encoder:
    """Return what a folder says of its model.

    Raises:
        BadOption: a file is missing or damaged, or the model is not a BERT encoder.
    """
    for name in ("config.json", _WEIGHTS, _TOKENIZER):
        if not (folder / name).is_file():
            raise BadOption(f"the folder of a sentence-transformers model must hold {name}; found none")
    config = _json(folder / "config.json")
    shape = (
        config.get("model_type"),
        config.get("hidden_act"),
        config.get("position_embedding_type", "absolute"),
    )
    if shape != ("bert", "gelu", "absolute"):
        raise BadOption(
            "the encoder must be a BERT model with gelu and absolute positions "
            f"(model_type, hidden_act, position_embedding_type), found {', '.join(map(repr, shape))}"
        )
    sentence = _json(folder / "sentence_bert_config.json")
    pooling = _json(folder / "1_Pooling" / "config.json")
    longest = int(config["max_position_embeddings"])
    return Encoder(
        folder=folder,
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        size=int(config["hidden_size"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
        max_length=min(int(sentence.get("max_seq_length") or longest), longest),
        pooling="cls" if pooling.get("pooling_mode_cls_token") else "mean",
    )


def _json(path: Path) -> dict[str, Any]:
    """Return what a file of JSON holds; {} where there is none."""
    if not path.is_file():
        return {}
    try:
        found = json.loads(read_whole(path, most=_MOST_JSON))
    except ValueError:
        raise BadOption(f"{path.name} of the model must be JSON; it is not") from None
    if not isinstance(found, dict):
        raise BadOption(f"{path.name} of the model must hold an object; found {type(found).__name__}")
    return found
