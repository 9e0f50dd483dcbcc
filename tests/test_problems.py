"""Every problem that is raised has its words, every one that has words is raised, and the words find their values."""

import ast
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from string import Formatter
from typing import Any

import pytest

from core.errors import explain
from core.i18n import Reader
from core.problems import CHOICES, PROBLEMS
from tests.messages import Module, modules

RAISED = {"Problem", "EngineFailure", "Refused", "Blocked", "Failed", "Unknown"}
SPOKEN = {"explain", "what", "remedy"}
FOR_PROGRAMS = frozenset({"kind", "scope", "reserved", "resets"})  # of a limit, besides what its words say


@dataclass(frozen=True, slots=True)
class Use:
    """A problem where it is raised. `params` None: they cannot be read off the program."""

    place: str
    code: str
    params: frozenset[str] | None


@cache
def uses() -> list[Use]:
    found = []
    for module in modules("core", "pages"):
        for call in module.calls():
            name = _name(call.func)
            place = f"{module.place}:{call.lineno}"
            if name in RAISED:
                found += [Use(place, code, _params(name, call)) for code in _codes(module.place, call)]
            elif name in SPOKEN and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
                found.append(Use(place, str(call.args[1].value), None))
            # In a row of the database, without an exception.
            for keyword in call.keywords:
                if keyword.arg in ("problem", "stopped_code") and isinstance(keyword.value, ast.Constant):
                    found.append(Use(place, str(keyword.value.value), None))
    return [use for use in found if use.code != "None"]


def _name(callee: ast.expr) -> str:
    return callee.attr if isinstance(callee, ast.Attribute) else callee.id if isinstance(callee, ast.Name) else ""


def _codes(place: str, call: ast.Call) -> list[str]:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "code")]
    if not given:
        return []
    branches = [given[0].body, given[0].orelse] if isinstance(given[0], ast.IfExp) else given[:1]
    literals = [branch.value for branch in branches if isinstance(branch, ast.Constant)]
    assert len(literals) == len(branches), f"{place}:{call.lineno}: a code that is not a literal: {ast.unparse(call)}"
    return [str(literal) for literal in literals]


def _params(name: str, call: ast.Call) -> frozenset[str] | None:
    """A Problem takes its values by name, an engine's failure in a dictionary."""
    if name == "Problem":
        names = {keyword.arg for keyword in call.keywords}
        return None if None in names else frozenset(name for name in names if name)
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "params")]
    if not given:
        return frozenset()
    if not isinstance(given[0], ast.Dict):
        return None
    return frozenset(str(key.value) for key in given[0].keys if isinstance(key, ast.Constant))


def gaps(code: str) -> frozenset[str]:
    text = PROBLEMS[code]
    return frozenset(name for _, name, _, _ in Formatter().parse(f"{text.what} {text.remedy}") if name)


def test_what_is_raised_is_found() -> None:
    codes = {use.code for use in uses()}
    assert {"wrong_password", "no_such_picture", "connection_lost", "server_stopped", "blocked", "internal"} <= codes


def test_every_problem_that_is_raised_has_words() -> None:
    assert [use for use in uses() if use.code not in PROBLEMS] == []


def test_every_problem_with_words_is_raised() -> None:
    assert sorted(set(PROBLEMS) - {use.code for use in uses()}) == []


def test_every_gap_in_the_words_is_filled_where_the_problem_is_raised() -> None:
    known = [use for use in uses() if use.code in PROBLEMS and use.params is not None]
    assert [(use, gaps(use.code)) for use in known if not gaps(use.code) <= (use.params or frozenset())] == []


def test_every_value_of_a_problem_is_in_its_words() -> None:
    known = [use for use in uses() if use.code in PROBLEMS and use.params is not None]
    assert [(use, gaps(use.code)) for use in known if (use.params or frozenset()) - gaps(use.code) - FOR_PROGRAMS] == []


@pytest.mark.parametrize(
    ("code", "params", "expected"),
    [
        (
            "number_out_of_range",
            {"choice": "number of pictures", "value": 1200, "least": 1, "most": 10},
            "nombre d’images\xa0: 1\u202f200\u202f; la valeur doit être comprise entre 1 et 10.",
        ),
        (
            "choice_not_offered",
            {"model": "M", "choice": "quality", "value": "max", "allowed": "low"},
            "M n’accepte pas «\xa0max\xa0» (qualité).",
        ),
        ("size_not_offered", {"step": 16, "longest": 3840, "fewest": 655_360, "most": 8_294_400}, "655\u202f360 à"),
        ("too_many_attempts", {"wait": 30.0}, "Attendez 30\xa0secondes, puis réessayez."),
        ("deadline_passed", {"limit": 600.0}, "Aucune réponse n’est arrivée dans le délai prévu (10 minutes)."),
        ("model_shut_down", {"model": "M", "date": date(2026, 11, 22)}, "a été arrêté le 22 nov. 2026."),
        (
            "file_too_large",
            {"name": "a.png", "size": 51.2, "most": 50},
            "«\xa0a.png\xa0» pèse 51,2\xa0Mo\u202f; 50\xa0Mo",
        ),
        ("money_limit", {"rule": "Dollars per day", "left_micros": 52_700}, "Dollars par jour\xa0: … dépensés"),
        ("money_limit", {"rule": "Dollars per day", "left_micros": 52_700}, "il reste 0,0527\xa0$US"),
        ("picture_limit", {"resets": datetime(2026, 11, 30, 23, tzinfo=UTC)}, "repart le 1 déc. 2026, 00:00."),
        ("no_such_user", {"login": "{0.__class__}"}, "«\xa0{0.__class__}\xa0»"),
        ("no_such_code", {}, "Quelque chose s’est mal passé de notre côté."),
    ],
)
def test_a_problem_reads_wholly_in_french(code: str, params: dict[str, Any], expected: str) -> None:
    assert expected in explain(Reader("fr", "fr-FR", "Europe/Paris"), code, params)


def test_every_choice_that_a_problem_names_is_a_text() -> None:
    named = {choice for module in modules("core") for choice in named_choices(module)}
    assert named - set(CHOICES) == set()
    assert "quality" in named


def named_choices(module: Module) -> set[str]:
    """The literals that stand for a parameter called `choice`."""
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef)]
    names = {function.name: [argument.arg for argument in function.args.args] for function in functions}
    found = set()
    for call in module.calls():
        given = dict(zip(names.get(_name(call.func), []), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        choice = given.get("choice")
        if isinstance(choice, ast.Constant):
            found.add(str(choice.value))
    return found
