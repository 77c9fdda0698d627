"""Check a JSON value against the part of JSON Schema that the interface is described with.

A library would do more; this one never quotes the value, which may be a customer's text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from triage_service._http._problems import Problem

__all__ = ["check"]

Schema = Mapping[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def check(value: Any, schema: Schema, where: str = "the body") -> None:
    """Check `value`, naming the place of the first fault.

    Raises:
        Problem: 422, in words that hold the schema's side only.
    """
    if "type" in schema:
        _check_type(value, schema, where)
    if "enum" in schema and value not in schema["enum"]:
        raise Problem(422, f"{where} must be one of {', '.join(map(str, schema['enum']))}")
    if isinstance(value, str):
        _check_size(len(value), schema, where, "Length", "characters")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            raise Problem(422, f"{where} must match {schema['pattern']}")
    elif isinstance(value, list):
        _check_size(len(value), schema, where, "Items", "items")
        for position, item in enumerate(value):
            check(item, schema.get("items", {}), f"{where}[{position}]")
    elif isinstance(value, dict):
        _check_object(value, schema, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            raise Problem(422, f"{where} must be at least {schema['minimum']}")
        if value > schema.get("maximum", value):
            raise Problem(422, f"{where} must be at most {schema['maximum']}")


def _check_type(value: Any, schema: Schema, where: str) -> None:
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    allowed = tuple(kind for name in wanted for kind in _TYPES[name])
    if not isinstance(value, allowed) or (isinstance(value, bool) and "boolean" not in wanted):
        raise Problem(422, f"{where} must be of type {' or '.join(wanted)}")


def _check_size(size: int, schema: Schema, where: str, what: str, unit: str) -> None:
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}")
    if size < least:
        raise Problem(422, f"{where} must have at least {least} {unit}")
    if most is not None and size > most:
        raise Problem(422, f"{where} must have at most {most} {unit}")


def _check_object(value: dict[str, Any], schema: Schema, where: str) -> None:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            raise Problem(422, f"{where} must have {name!r}")
    if schema.get("additionalProperties") is False and not properties.keys() >= value.keys():
        raise Problem(422, f"{where} must have no other members than {', '.join(sorted(properties))}")
    for name, inner in properties.items():
        if name in value:
            check(value[name], inner, f"{where}.{name}" if where != "the body" else name)
