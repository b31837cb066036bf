"""Checks bodies against generated TypedDicts, as far as a running program can.

Takes the path of the generated module; reads a JSON list of bodies on stdin; fails with what is wrong
with the first that is no Event. Members that no type knows are let through, as type checkers do.
"""

import importlib.util
import json
import sys
import types
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def fault(value, kind, place):
    """What is wrong with the value, or None."""
    origin = get_origin(kind)
    if kind is Any:
        return None
    if origin is NotRequired:
        return fault(value, get_args(kind)[0], place)
    if origin in (Union, types.UnionType):
        faults = [fault(value, choice, place) for choice in get_args(kind)]
        return None if None in faults else min(faults, key=lambda text: -text.count("."))
    if origin is Literal:
        return None if value in get_args(kind) else f"{place}: {value!r} is none of {get_args(kind)}"
    if origin is list:
        checked = isinstance(value, list) and [fault(item, get_args(kind)[0], f"{place}[]") for item in value]
    elif origin is dict:
        checked = isinstance(value, dict) and [fault(item, get_args(kind)[1], f"{place}.*") for item in value.values()]
    elif is_typeddict(kind):
        checked = isinstance(value, dict) and members(value, kind, place)
    else:
        accepted = (int, float) if kind is float else kind
        is_one = isinstance(value, accepted) and not (isinstance(value, bool) and kind is not bool)
        checked = is_one and []
    if checked is False:
        return f"{place}: {value!r} is no {kind}"
    return next(filter(None, checked), None)


def members(value, kind, place):
    missing = kind.__required_keys__ - value.keys()
    hints = get_type_hints(kind, include_extras=True)
    faults = [f"{place}.{name}: missing" for name in missing]
    return faults + [fault(value[name], hint, f"{place}.{name}") for name, hint in hints.items() if name in value]


spec = importlib.util.spec_from_file_location("payloads", sys.argv[1])
payloads = importlib.util.module_from_spec(spec)
spec.loader.exec_module(payloads)
for body in json.load(sys.stdin):
    if found := fault(body, payloads.Event, "body"):
        sys.exit(found)
    for spoilt in ({**body, "data": None}, {name: body[name] for name in body if name != "data"}):
        if not fault(spoilt, payloads.Event, "body"):
            sys.exit(f"a body without data was taken: {spoilt}")
