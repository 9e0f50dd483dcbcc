"""A page shows nothing but texts that can be translated; and what finds the texts, and the others, does find them."""

from pathlib import Path

import pytest

from tests import messages
from tests.messages import ROOT, Module
from tests.page_texts import untranslated, untranslated_in_script, untranslated_in_style

PAGES = ROOT / "pages"


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_shows_only_what_is_in_the_catalogue(path: Path) -> None:
    assert untranslated(messages.module_of(path)) == []


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.js")), ids=lambda path: path.name)
def test_a_script_shows_only_what_its_page_gives_it(path: Path) -> None:
    assert untranslated_in_script(path.name, path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.css")), ids=lambda path: path.name)
def test_a_stylesheet_has_no_words(path: Path) -> None:
    assert untranslated_in_style(path.name, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'st.title("Gallery")',
        'st.button("ok")',
        'place.error("no")',
        'with st.expander("more"): pass',
        'st.text_input(text("Name"), help="your own")',
        'st.text_input(text("Name"), placeholder="ada")',
        'st.text_input(text("Name"), value="ada")',
        'st.selectbox(text("Size"), ["small", "large"])',
        'st.tabs([text("One"), "two"])',
        'st.markdown(f"**{name}** is here")',
        'st.markdown("**" + "bold" + "**")',
        'st.caption("on" if here else text("off"))',
        'label = "big"\nst.button(label)',
        'st.caption(" · ".join(f"{name} px" for name in names))',
        'st.caption("{} left".format(count))',
        'st.caption(html.escape("hello"))',
        'st.caption({"low": "cheap"}[quality])',
        'st.html("<p>hello</p>")',
        """st.html('<img src="/a.png" alt="a picture">')""",
        """st.html(f'<button title="close">{sign}</button>')""",
        'st.Page(show, title="Create", url_path="create")',
        'st.set_page_config(page_title="Studio")',
        '@st.dialog("Picture")\ndef show() -> None: ...',
        'st.dialog("picture")(show)()',
        'st.html("<b>&eacute;</b>")',
        'st.caption(text("{name} is here", name="somebody"))',
        'names = {"low": "Low"}',
        'def label() -> str:\n    return "as you like"',
        'draw_row("Size", value)',
        'row(label="size")',
        'draw("画廊")',
        'raise ValueError("this is English")',
        "component('x', js=\"element.textContent = 'Try again'\")",
        "component('x', css=\".a::after { content: 'more' }\")",
    ],
)
def test_a_text_beside_the_catalogue_is_found(source: str) -> None:
    assert untranslated(Module.parsed("pages/planted.py", source)) != []


@pytest.mark.parametrize(
    "source",
    [
        '"""What this page is for."""',
        'st.title("Imagier", anchor=False)',
        'st.title(text("Gallery"), anchor="top")',
        'st.button(here.reader("Add"), key="add-person", type="primary", icon=":material/add:")',
        'st.selectbox(text("Size"), ("small", "large"), format_func=name)',
        'st.text_input(text("Password"), type="password", autocomplete="new-password")',
        'st.form("sign_in")',
        'st.columns([1, 2], vertical_alignment="center")',
        """st.html(f'<p class="big small" dir="auto" style="width:{width}px">{html.escape(text("Hello"))}</p>')""",
        'st.markdown(f"**{user.name}** · {width} × {height}")',
        'st.caption(text.plural("{count} picture", "{count} pictures", count))',
        'st.file_uploader(text("Pictures"), ["png", "webp"])',
        'st.session_state["create_page"] = here',
        'st.query_params.get("picture")',
        'raise Problem("no_such_picture")',
        'log.warning("the page %s broke off", name)',
        'def show(here: "Here") -> "Reader": ...',
        'label = text("Big")\nst.button(label)',
        "component('x', html='<div class=\"imagier-tiles\"></div>', js='fetch(\"/auth\", { method: \"POST\" })')",
    ],
)
def test_what_is_no_text_or_is_translated_passes(source: str) -> None:
    assert untranslated(Module.parsed("pages/planted.py", source)) == []


def test_comments_and_selectors_in_a_script_are_not_shown_and_an_address_is_no_comment() -> None:
    script = (
        "// Not 'this one' here\nconst address = 'https://example.org'; say('Hello you') /* 'Nor this' */"
        "\nif (field.matches('input, textarea')) root.querySelector(\"main h1\").focus()"
    )
    assert untranslated_in_script("a.js", script) == ["a.js: Hello you"]


# --- finding the texts


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('text("One")', ["One"]),
        ('here.reader("One", name=name)', ["One"]),
        ('visit().reader("One")', ["One"]),
        ('t("One" "Two")', ["OneTwo"]),
        ('kept = mark("One")', ["One"]),
        ('text.plural("{count} day", "{count} days", count)', ["{count} day"]),
        ("f\"{reader('One')} {reader('Two')}\"", ["One", "Two"]),
        ('from sqlalchemy import text\ntext("SELECT 1")', []),
        ('draw.text("One")', []),
        ('self("One")', []),
    ],
)
def test_the_texts_of_a_module_are_found(source: str, expected: list[str]) -> None:
    assert [text.message for text in messages.texts(Module.parsed("pages/planted.py", source))] == expected


@pytest.mark.parametrize(
    "source",
    [
        "text(name)",
        'text(f"Hello {name}")',
        'text("Hello " + name)',
        'text("Yes" if sure else "No")',
        'mark("%s" % name)',
        "text()",
        'text.plural("one", many, count)',
    ],
)
def test_a_text_that_cannot_be_read_is_refused_with_its_place(source: str) -> None:
    with pytest.raises(ValueError, match=r"pages/planted\.py:1: "):
        messages.texts(Module.parsed("pages/planted.py", source))


# --- the catalogues


def test_an_update_keeps_translations_drops_what_is_gone_and_guesses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(messages, "LOCALES", tmp_path)
    path = messages.path_of("fr")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Old"\nmsgstr "Vieux"\n\nmsgid "Kept"\nmsgstr "Gardé"\n\n'
        '#, fuzzy\nmsgid "Guessed"\nmsgstr "Deviné"\n\nmsgid "{count} day"\nmsgstr "Jour"\n',
        "utf-8",
    )
    source = 'text("Kept")\ntext("Keep")\ntext("Guessed")\ntext.plural("{count} day", "{count} days", 2)\ntext("Kept")'
    catalogue = messages.updated("fr", messages.texts(Module.parsed("pages/planted.py", source)))
    assert {str(message.id): message.string for message in catalogue if message.id} == {
        "Kept": "Gardé",
        "Keep": "",
        "Guessed": "",
        "('{count} day', '{count} days')": ("", ""),
    }
    written = messages.written(catalogue).decode()
    assert "Vieux" not in written
    assert "fuzzy" not in written
    path.write_text(written, "utf-8")
    again = messages.updated("fr", messages.texts(Module.parsed("pages/planted.py", "\n\n" + source)))
    assert messages.written(again).decode() == written
