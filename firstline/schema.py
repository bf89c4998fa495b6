"""The command ``schema``: the JSON Schema of each kind of file, for editors that complete keys and mark mistakes.

It is that of the model in ``sim.spec`` into which a file is read, with what its reader takes beyond that: a number for
a text, a name for a map, a file for what it holds, a patch for a whole. What can be read is right by its schema, but
for a number or a truth in quotes, and a bare number for the words of a card. What is right by its schema may still be
refused: for ranges, names that must be known and what must go together there is ``firstline check``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import core_schema

    from sim.kinds import Kind

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFS = "#/$defs/"
TEXT: Schema = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}
"""Every scalar of a file is read as text, so where a text is wanted a number may stand without quotes."""
NAME: Schema = {"type": "string"}
NOTHING: Schema = {"type": "null"}
SHORT: dict[tuple[str, str], Schema] = {
    ("Response", "plan"): NAME,  # of the card's file
    ("Calibrate", "observed"): NAME,  # of a CSV file
    ("Crews", "count"): {"type": "integer"},
}
"""What may stand for a value, by model and key, because a reader or a validator puts the value in its place."""
SHORT_ITEMS = {("Experiment", "outcomes"): NAME, ("Design", "outcomes"): NAME}
"""The same, for each item of a list."""
PATCHES = {("Variant", "response"): "Response", ("Surroundings", "world"): "World"}
"""Keys that hold a patch, with the model that is patched."""


def schema(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="scenario, card, experiment, design, question, calibration or back-test."),
    ] = "scenario",
    tables: Annotated[bool, typer.Option("--tables", help="Print the data dictionary of the results instead.")] = False,
) -> None:
    """Print the JSON Schema of a kind of file (of scenarios, where none is named), for editors that complete keys."""
    from sim.kinds import kind_named

    found = kind_named(kind)
    if tables:
        from firstline.dictionary import dictionary

        print(dictionary(), end="")
        return
    print(json.dumps(schema_of(found), ensure_ascii=False, indent=1))


def schema_of(kind: Kind) -> Schema:
    """Return the JSON Schema of the files of a kind."""
    from sim.kinds import EXPERIMENT, SCENARIO

    model = models()[kind]
    defs = _definitions(models()[SCENARIO]) if kind is EXPERIMENT else {}
    defs |= _definitions(model)
    for (owner, key), other in SHORT.items():
        if owner in defs:
            defs[owner]["properties"][key] = _or(defs[owner]["properties"][key], other)
    for (owner, key), other in SHORT_ITEMS.items():
        if owner in defs:
            values = defs[owner]["properties"][key]
            values["items"] = _or(values["items"], other)
    for (owner, key), patched in PATCHES.items():
        if owner in defs:
            defs[owner]["properties"][key] = _patch({"$ref": DEFS + patched}, defs)
    whole: Schema = {"$ref": DEFS + model.__name__}
    if kind is SCENARIO:
        whole = _or(whole, _on_a_base(defs))
    top = {"$schema": DIALECT, "title": f"Firstline: {kind.named}", **whole}
    return {**top, "$defs": {name: defs[name] for name in sorted(_used(top, defs))}}


def models() -> dict[Kind, type[BaseModel]]:
    """Return the model into which the files of each kind are read."""
    from sim.kinds import BACKTEST, CALIBRATION, CARD, DESIGN, EXPERIMENT, QUESTION, SCENARIO
    from sim.spec.backtest import Backtest
    from sim.spec.calibrate import Calibrate
    from sim.spec.card import Card
    from sim.spec.design import Design
    from sim.spec.experiment import Experiment
    from sim.spec.optimise import Optimise
    from sim.spec.scenario import Scenario

    return {
        SCENARIO: Scenario,
        CARD: Card,
        EXPERIMENT: Experiment,
        DESIGN: Design,
        QUESTION: Optimise,
        CALIBRATION: Calibrate,
        BACKTEST: Backtest,
    }


class _OfFiles(GenerateJsonSchema):
    """The schema of a model as its files are written."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Take a number for a text; see ``TEXT``."""
        found = super().function_before_schema(schema)
        return dict(TEXT) if found == {"type": "string"} else found


def _definitions(model: type[BaseModel]) -> dict[str, Schema]:
    """Return the schemas of a model and of all that it holds, by name."""
    top = model.model_json_schema(by_alias=True, schema_generator=_OfFiles)
    defs: dict[str, Schema] = top.pop("$defs", {})
    return defs | {model.__name__: top}


def _or(one: Schema, other: Schema) -> Schema:
    """Return the schema of what is right by either; what is said of the one stays."""
    said: Schema = {key: one[key] for key in ("title", "description", "default") if key in one}
    rest = {key: value for key, value in one.items() if key not in said and key != "maxLength"}  # none of a list's
    return {**said, "anyOf": [*(rest["anyOf"] if set(rest) == {"anyOf"} else [rest]), other]}


def _patch(node: Schema, defs: dict[str, Schema]) -> Schema:
    """Return the schema of an RFC 7396 patch: nothing is required, null takes away, a list is whole.

    The schemas of patches of what ``node`` refers to are put among the definitions.
    """
    if "$ref" in node:
        name = node["$ref"].removeprefix(DEFS)
        patch = f"PatchOf{name}"
        if patch not in defs:
            defs[patch] = {}  # it may hold itself
            defs[patch] = _patch(defs[name], defs)
        return {**node, "$ref": DEFS + patch}
    left_out = ("required", "default", "discriminator", "oneOf")  # a patch need not say of which kind it is
    found = {key: value for key, value in node.items() if key not in left_out}
    branches = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    if branches:
        found["anyOf"] = [_patch(one, defs) for one in branches]
    if "properties" in node:
        found["properties"] = {key: _or(_patch(one, defs), NOTHING) for key, one in node["properties"].items()}
    if isinstance(node.get("additionalProperties"), dict):
        found["additionalProperties"] = _or(_patch(node["additionalProperties"], defs), NOTHING)
    return found


def _on_a_base(defs: dict[str, Schema]) -> Schema:
    """Return the schema of a scenario that stands on another one, its ``base``: a patch of it."""
    patch = dict(_patch({"$ref": DEFS + "Scenario"}, defs))
    of_all = defs[patch["$ref"].removeprefix(DEFS)]
    base = {"type": "string", "description": "The scenario below: by name, or as a file beside this one."}
    of_all["properties"] = {"base": base, **of_all["properties"]}
    of_all["required"] = ["base"]
    return patch


def _used(node: Any, defs: dict[str, Schema]) -> set[str]:
    """Return the names of the definitions that a schema wants."""
    used: set[str] = set()
    todo = [node]
    while todo:
        for name in _references(todo.pop()):
            if name not in used:
                used.add(name)
                todo.append(defs[name])
    return used


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(DEFS)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
