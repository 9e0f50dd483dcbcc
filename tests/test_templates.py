"""Templates: descriptions with blanks."""

import pytest

from core.errors import Problem
from core.storage.database import Database
from core.studio.templates import Templates, blanks, filled, filled_each
from tests.studio import Cast, insert_cast, person


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


@pytest.fixture
def templates(database: Database, cast: Cast) -> Templates:
    return Templates(database)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a {subject} in the style of {style}", ["subject", "style"]),
        ("{a} and {a} and { b }", ["a", "b"]),
        ("no blanks", []),
        ("{} {  } {{x}}", ["x"]),
        ("{sujet à l’aube} 🙂 {שלום}", ["sujet à l’aube", "שלום"]),
        ("{two\nlines}", []),
    ],
)
def test_what_stands_in_braces_is_a_blank(text: str, names: list[str]) -> None:
    assert blanks(text) == names


def test_a_filled_template_is_a_description() -> None:
    values = {"subject": " fox ", "style": ""}
    assert filled("a {subject}, {subject}, in the style of {style}", values) == "a fox, fox, in the style of {style}"


def test_what_is_filled_in_is_not_read_as_a_blank_again() -> None:
    assert filled("{a} {b}", {"a": "{b}", "b": "2"}) == "{b} 2"


def test_one_sees_ones_own_and_what_is_shared(templates: Templates, cast: Cast) -> None:
    own = templates.add(cast.alice, "  Foxes \n", " a {subject} ", shared=False)
    shared = templates.add(cast.bob, "Boats", "a boat", shared=True)
    templates.add(cast.bob, "Secret", "a secret", shared=False)
    assert [(it.id, it.title, it.text) for it in templates.visible(cast.alice)] == [
        (own, "Foxes", "a {subject}"),
        (shared, "Boats", "a boat"),
    ]


@pytest.mark.parametrize(("title", "text"), [("", "a tree"), ("Tree", "  "), ("t" * 101, "a"), ("t", "a" * 32_001)])
def test_a_template_needs_a_title_and_a_text(templates: Templates, cast: Cast, title: str, text: str) -> None:
    with pytest.raises(Problem, match="A template needs"):
        templates.add(cast.alice, title, text, shared=False)


def test_only_its_owner_changes_a_template_and_an_administrator_what_is_shared(
    templates: Templates, cast: Cast
) -> None:
    template_id = templates.add(cast.alice, "Foxes", "a fox", shared=False)
    for other in (person(cast.bob), person(cast.ada, "admin")):
        with pytest.raises(Problem, match="no such template"):
            templates.share(other, template_id, True)
    templates.share(person(cast.alice), template_id, True)
    with pytest.raises(Problem, match="no such template"):
        templates.remove(person(cast.bob), template_id)
    templates.remove(person(cast.ada, "admin"), template_id)
    assert templates.visible(cast.alice) == []


def test_several_values_of_a_blank_make_a_description_of_one_line_each() -> None:
    text = "A {bird}\nat {time}, {bird}"
    values = {"bird": ["heron", "  ", "swan 🦢"], "time": ["dawn", "שחר"]}
    assert filled_each(text, values, 10) == [
        "A heron at dawn, heron",
        "A heron at שחר, heron",
        "A swan 🦢 at dawn, swan 🦢",
        "A swan 🦢 at שחר, swan 🦢",
    ]
    assert filled_each(text, {}, 1) == ["A {bird} at {time}, {bird}"]
    assert filled_each("no blanks", values, 1) == ["no blanks"]
    with pytest.raises(Problem, match="These are 10,000,000,000 descriptions"):
        filled_each(text, {name: [str(number) for number in range(10**5)] for name in ("bird", "time")}, 100)
