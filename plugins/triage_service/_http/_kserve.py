"""The Open Inference Protocol (KServe v2), so that what speaks to a model server can speak to this one.

BYTES in: one text an element. Out: FP64 probability, BYTES label, action and reasons of each.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

import triage
from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._problems import Problem
from triage_service._http._schema import Schema
from triage_service._http._texts import MAX_DOCUMENTS, decide

__all__ = ["ENDPOINTS"]

BODY: Schema = {
    "type": "object",
    "required": ["inputs"],
    "properties": {
        "id": {"type": "string", "maxLength": 256},
        "inputs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["name", "shape", "datatype", "data"],
                "properties": {
                    "name": {"type": "string", "maxLength": 256},
                    "shape": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}},
                    "datatype": {"type": "string", "enum": ["BYTES"]},
                    "data": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MAX_DOCUMENTS,
                        "items": {"type": "string"},
                    },
                },
            },
        },
    },
}

_NAME = "triage"


async def server(_: Call) -> Response:
    """Describe the server."""
    return reply({"name": "triage", "version": triage.__version__, "extensions": []})


async def live(_: Call) -> Response:
    """Say that the loop turns."""
    return reply({"live": True})


async def ready(call: Call) -> Response:
    """Say whether texts can be scored."""
    if problem := call.service.not_ready():
        raise Problem(503, problem)
    return reply({"ready": True})


def _known(call: Call) -> None:
    """Check name and version of the path.

    Raises:
        Problem: 404, another model or version.
    """
    version = call.request.path_params.get("version", call.service.models.active.digest)
    if call.path("model") != _NAME or version != call.service.models.active.digest:
        raise Problem(404, "the model is called 'triage'; its version is the digest of the active bundle")


async def model(call: Call) -> Response:
    """Describe the model."""
    _known(call)
    pool = call.service.models.active
    outputs = [("probability", "FP64"), ("label", "BYTES"), ("action", "BYTES"), ("reasons", "BYTES")]
    return reply(
        {
            "name": _NAME,
            "versions": [pool.digest],
            "platform": "triage",
            "inputs": [{"name": "text", "datatype": "BYTES", "shape": [-1]}],
            "outputs": [{"name": name, "datatype": kind, "shape": [-1]} for name, kind in outputs],
        }
    )


async def model_ready(call: Call) -> Response:
    """Say whether this model can score."""
    _known(call)
    return await ready(call)


async def infer(call: Call) -> Response:
    """Score one tensor of texts."""
    _known(call)
    (tensor,) = call.body["inputs"]
    texts = tensor["data"]
    if tensor["shape"] not in ([len(texts)], [len(texts), 1]):
        raise Problem(422, "inputs[0].shape must be the number of texts in inputs[0].data")
    rows = [(number, "", text, None) for number, text in enumerate(texts, start=1)]
    call.service.rates.take(call.name, len(rows))
    digest, lines = await decide(call.service.models, rows)
    call.service.count(digest, lines)
    decisions = [json.loads(line) for line in lines]
    columns: dict[str, tuple[str, list[Any]]] = {
        "probability": ("FP64", [each["confidence"] or 0.0 for each in decisions]),
        "label": ("BYTES", [each["label"] or "" for each in decisions]),
        "action": ("BYTES", [each["action"] for each in decisions]),
        "reasons": ("BYTES", [";".join(each["reasons"]) for each in decisions]),
    }
    answer = {
        "model_name": _NAME,
        "model_version": digest,
        "outputs": [
            {"name": name, "datatype": kind, "shape": [len(texts)], "data": data}
            for name, (kind, data) in columns.items()
        ],
    }
    return reply({**answer, "id": call.body["id"]} if "id" in call.body else answer)


ENDPOINTS = (
    Endpoint("GET", "/v2", server, "The server (KServe v2)", "route"),
    Endpoint("GET", "/v2/health/live", live, "Alive (KServe v2)", "route"),
    Endpoint("GET", "/v2/health/ready", ready, "Ready (KServe v2)", "route"),
    Endpoint("GET", "/v2/models/{model}", model, "The model (KServe v2)", "route"),
    Endpoint("GET", "/v2/models/{model}/ready", model_ready, "The model is ready (KServe v2)", "route"),
    Endpoint("POST", "/v2/models/{model}/infer", infer, "Score texts (KServe v2)", "route", BODY, scores=True),
    Endpoint("GET", "/v2/models/{model}/versions/{version}", model, "One version (KServe v2)", "route"),
    Endpoint(
        "GET", "/v2/models/{model}/versions/{version}/ready", model_ready,
        "One version is ready (KServe v2)", "route",
    ),
    Endpoint(
        "POST", "/v2/models/{model}/versions/{version}/infer", infer,
        "Score texts by one version (KServe v2)", "route", BODY, scores=True,
    ),
)  # fmt: skip
