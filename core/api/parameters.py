"""The parameters of a generation and of an edit: what each takes, in the call and in the document of the API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from core.api.bodies import LONGEST_NUMBER
from core.catalog.catalog import Catalog, Model
from core.errors import Problem
from core.i18n import mark
from core.studio.orders import LONGEST_DESCRIPTION, MOST_PICTURES, MOST_PREVIEWS, TRANSPARENT_FORMATS, Order

STRING, INTEGER, BOOLEAN = "string", "integer", "boolean"
LONGEST_IDENTIFIER = 512
SHOWN = 60
WORD = r"[^\s\u0000-\u001f\u0085]"  # a description has at least one character that is seen
EDGE = "([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-7][0-9]{2}|38[0-3][0-9]|3840)"
ANY_SIZE = f"^(auto|{EDGE}x{EDGE})$"
# Sides of which any two go together, as no schema can say it of a product; the larger and the smaller are in the words.
SIDES = "|".join(map(str, range(960, 2_881, 16)))
CUSTOM_SIZE = {"type": "string", "pattern": f"^({SIDES})x({SIDES})$"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """`least` and `most` bound a number, or a text's length; `choices` are for any model, None if it depends."""

    name: str
    kind: str
    text: str
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] | None = None
    edits_only: bool = False
    generations_only: bool = False


PARAMETERS = (
    Parameter("prompt", STRING, mark("What the picture shows."), 1, LONGEST_DESCRIPTION),
    Parameter("model", STRING, mark("Which model paints; without it, the first of /api/v1/models.")),
    Parameter("n", INTEGER, mark("How many pictures."), 1, MOST_PICTURES),
    Parameter(
        "size",
        STRING,
        mark(
            "WIDTHxHEIGHT or auto; which there are depends on the model. Where its custom_sizes is true, any other too"
            " whose sides are multiples of 16 up to 3840, not longer than three to one, of 655,360 to 8,294,400 pixels."
        ),
    ),
    Parameter("quality", STRING, mark("How much work is put in; auto is the model's default here.")),
    Parameter("background", STRING, mark("Transparent needs PNG or WebP.")),
    Parameter("output_format", STRING, mark("The format of the picture's file.")),
    Parameter("output_compression", INTEGER, mark("For WebP and JPEG; elsewhere it has no meaning."), 0, 100),
    Parameter("moderation", STRING, mark("How strict the provider is."), generations_only=True),
    Parameter("complexity", STRING, mark("How much the model plans before it paints.")),
    Parameter("input_fidelity", STRING, mark("How close it stays to the pictures to start from."), edits_only=True),
    Parameter("partial_images", INTEGER, mark("How many previews a stream has; each has a price."), 0, MOST_PREVIEWS),
    Parameter("stream", BOOLEAN, mark("Answer with Server-Sent Events: previews, then each picture.")),
    Parameter(
        "response_format",
        STRING,
        mark("The bytes in the answer, or an address that ends after an hour."),
        choices=("b64_json", "url"),
    ),
    Parameter(
        "safety_identifier",
        STRING,
        mark("Taken and not passed on: Imagier tells the provider a hash of its own for each account."),
        most=LONGEST_IDENTIFIER,
    ),
    Parameter("user", STRING, mark("The older name of safety_identifier."), most=LONGEST_IDENTIFIER),
)
# OpenAI has these, and none of the models here can do what they ask for.
IMPOSSIBLE = ("style", "frame_count", "frame_duration_ms", "svg", "markup")
KINDS = {str: STRING, bool: BOOLEAN, int: INTEGER, float: "number", list: "array", dict: "object"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as a program sends it, without the pictures to start from."""

    order: Order
    streams: bool
    wants_addresses: bool
    repeated: Mapping[str, str]  # what the answer says again


def parameters_of(edits: bool) -> tuple[Parameter, ...]:
    return tuple(it for it in PARAMETERS if not (it.generations_only if edits else it.edits_only))


def wanted(values: Mapping[str, Any], edits: bool, catalog: Catalog, default: Callable[[], str]) -> Wanted:
    """What the checked parameters order; a Problem that names the first one that is wrong. null is as good as none.

    `default` finds the model where none was named.
    """
    known = {parameter.name: parameter for parameter in parameters_of(edits)}
    for name in values:
        if name not in known and _outer(name) not in IMPOSSIBLE:
            raise Problem("parameter_unknown", param=name[:80])
    given = {name: _whole(value) for name, value in values.items() if value is not None}
    for name, value in given.items():
        if name not in known:
            raise Problem("parameter_impossible", param=_outer(name))
        _check(known[name], value)
    if given.get("size") == "":
        raise Problem("parameter_value", param="size", value="", allowed="WIDTHxHEIGHT, auto")
    if "prompt" not in given:
        raise Problem("parameter_missing", param="prompt")
    model = catalog.get(given["model"] if "model" in given else default())
    streams = given.get("stream", False)
    order = Order(
        description=given["prompt"],
        model=model.name,
        number=given.get("n", 1),
        size=_unless_auto(given.get("size"), model.sizes),
        quality=_unless_auto(given.get("quality"), model.qualities),
        background=_unless_auto(given.get("background"), model.backgrounds),
        output_format=given.get("output_format"),
        output_compression=given.get("output_compression"),
        moderation=_unless_auto(given.get("moderation"), model.moderations),
        complexity=given.get("complexity"),
        input_fidelity=given.get("input_fidelity"),
        previews=given.get("partial_images", 0) if streams else 0,
    )
    identifier = given.get("safety_identifier") or given.get("user")
    repeated = {"safety_identifier": identifier} if identifier else {}
    return Wanted(order, streams, given.get("response_format") == "url", repeated)


def from_form(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a form, which are all texts, as the parameters that they stand for."""
    kinds = {parameter.name: parameter.kind for parameter in PARAMETERS}
    return {name: _typed(kinds.get(name, STRING), text) for name, text in fields.items()}


def schema(edits: bool, models: list[Model], default: Model | None) -> dict[str, Any]:
    """Each model takes something else, so there is one schema for each; the default need not be named."""
    if not models:
        return _schema_of(None, edits, is_default=True)
    return {"anyOf": [_schema_of(model, edits, model is default) for model in models]}


def _schema_of(model: Model | None, edits: bool, is_default: bool) -> dict[str, Any]:
    required = ["prompt"] if is_default else ["prompt", "model"]
    found = {it.name: _property(it, model) for it in parameters_of(edits)}
    properties = {name: it for name, it in found.items() if it is not None}
    if not edits:  # in a form, everything is a text
        properties = {name: it if name in required else _or_null(it) for name, it in properties.items()}
    rules: dict[str, Any] = {"required": required, "additionalProperties": False}
    if model is not None and "transparent" in model.backgrounds:
        opaque = [name for name in model.formats if name not in TRANSPARENT_FORMATS]
        impossible = {"background": {"const": "transparent"}, "output_format": {"enum": opaque}}
        rules["not"] = {"properties": impossible, "required": list(impossible)}
    return {"type": "object", "properties": properties, **rules}


def _or_null(described: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in described:
        return {**described, "anyOf": [*described["anyOf"], {"type": "null"}]}
    found = {**described, "type": [described["type"], "null"]}
    return {**found, "enum": [*found["enum"], None]} if "enum" in found else found


def _property(parameter: Parameter, model: Model | None) -> dict[str, Any] | None:
    found: dict[str, Any] = {"type": parameter.kind, "description": parameter.text}
    if parameter.kind == INTEGER:
        found |= {"minimum": parameter.least, "maximum": parameter.most}
    elif parameter.name == "prompt":
        found |= {"minLength": 1, "maxLength": parameter.most, "pattern": WORD}
    elif parameter.most is not None:
        found |= {"maxLength": parameter.most}
    if parameter.name == "size" and model is not None and model.dialect == "generic":
        return {**found, "pattern": ANY_SIZE}
    choices = parameter.choices if model is None or parameter.choices else _choices(parameter.name, model)
    if choices is not None:
        if not choices:
            return None
        found["enum"] = list(choices)
    if parameter.name == "size" and model is not None and model.custom_sizes:
        named = {name: found.pop(name) for name in ("type", "enum")}
        found["anyOf"] = [named, {"$ref": "#/components/schemas/CustomSize"}]
    return found


def _choices(name: str, model: Model) -> tuple[str, ...] | None:
    match name:
        case "model":
            return (model.name,)
        case "size":
            return _with_auto(model.sizes)
        case "quality":
            return _with_auto(model.qualities)
        case "background":
            return _with_auto(model.backgrounds)
        case "moderation":
            return _with_auto(model.moderations)
        case "output_format":
            return model.formats
        case "complexity":
            return model.complexities
        case "input_fidelity":
            return model.fidelities
    return None


def _with_auto(choices: tuple[str, ...]) -> tuple[str, ...]:
    return choices if "auto" in choices else (*choices, "auto")


def _unless_auto(value: str | None, choices: tuple[str, ...]) -> str | None:
    """Where a model has no "auto" of its own, its default is meant."""
    return None if value == "auto" and "auto" not in choices else value


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 2.0 is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check(parameter: Parameter, value: Any) -> None:
    name = parameter.name
    found = KINDS.get(type(value), "null")
    if found != parameter.kind:
        raise Problem("parameter_type", param=name, expected=parameter.kind, found=found)
    if isinstance(value, str):
        if parameter.choices and value not in parameter.choices:
            raise Problem("parameter_value", param=name, value=value[:SHOWN], allowed=", ".join(parameter.choices))
        if parameter.most is not None and len(value) > parameter.most:
            raise Problem("parameter_too_long", param=name, length=len(value), most=parameter.most)
    elif parameter.least is not None and parameter.most is not None:
        check_bounds(name, value, parameter.least, parameter.most)


def check_bounds(name: str, value: int, least: int, most: int) -> None:
    shown = value if abs(value) < 10**12 else "…"
    if value < least:
        raise Problem("parameter_below", param=name, value=shown, least=least)
    if value > most:
        raise Problem("parameter_above", param=name, value=shown, most=most)


def _typed(kind: str, text: str) -> Any:
    if kind == INTEGER:
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else text
    if kind == BOOLEAN and text in ("true", "false"):
        return text == "true"
    return text


def refuse_pictures(name: str) -> NoReturn:
    """A file where a text belongs, or where there is nothing."""
    if name in IMPOSSIBLE:
        raise Problem("parameter_impossible", param=name)
    if name not in {parameter.name for parameter in parameters_of(edits=True)}:
        raise Problem("parameter_unknown", param=name)
    raise Problem("parameter_type", param=name, expected=STRING, found="file")


def _outer(name: str) -> str:
    """In a form, what lies in an object is called svg[model]."""
    return name.partition("[")[0]
