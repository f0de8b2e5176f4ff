"""A JSON Schema validator's findings as one line a person can act on: the field, then the rule."""

from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from devcred.nearest import nearest

# JSON's names, which are those of the file, for what the schema calls a type.
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
}


def first_problem(validator: Draft202012Validator, document: Any) -> str | None:
    """The first rule that `document` breaks, as `path.to.field: rule`; None if it keeps all.

    An unknown key comes first, since it is often why another one is missing.
    """
    errors = sorted(validator.iter_errors(document), key=_rank)
    return _line(errors[0]) if errors else None


def _rank(error: ValidationError) -> tuple[bool, str]:
    return (error.validator != "additionalProperties", _path(error))


def _path(error: ValidationError, *more: str) -> str:
    return ".".join([*map(str, error.absolute_path), *more]) or "the file"


def _line(error: ValidationError) -> str:
    if error.validator == "additionalProperties":
        return _unknown_key(error)
    if error.validator == "required":
        needed: Any = error.validator_value
        given: Any = error.instance
        missing = next(key for key in needed if key not in given)
        return f"{_path(error, missing)}: is missing"
    return f"{_path(error)}: {_rule(error)}"


def _unknown_key(error: ValidationError) -> str:
    schema: Any = error.schema
    given: Any = error.instance
    known = schema["properties"]
    key = min(set(given) - set(known))
    near = nearest(key, known)
    return f"{_path(error, key)}: unknown key" + (f", did you mean {near}?" if near else "")


def _rule(error: ValidationError) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return "must be " + " or ".join(_TYPES[name] for name in _listed(value))
        case "enum":
            return "must be one of " + ", ".join(map(str, value))
        case "const":
            return f"must be {value!r}"
        case "minimum" | "minLength" | "minItems":
            return f"must be at least {value}" + _of(error)
        case "maximum" | "maxLength":
            return f"must be at most {value}" + _of(error)
        case "multipleOf":
            return f"must be a multiple of {value}"
        case "pattern":
            return f"must match {value}"
        case "uniqueItems":
            return "holds an item twice"
    return error.message


def _of(error: ValidationError) -> str:
    keyword = str(error.validator)
    if keyword.endswith("Length"):
        return " characters long"
    return " items long" if keyword.endswith("Items") else ""


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
