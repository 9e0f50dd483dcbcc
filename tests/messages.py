"""The texts of the program, as they stand in its syntax. `python -m tests.messages` brings the catalogues up to date.

A text is the literal first argument of a reader (`reader("…")`, `here.reader("…")`, `text("…")`, `t("…")`) or of
`mark("…")`, or the two literals of `.plural("…", "…", count)`. Babel's own extraction looks at the last name before
the parenthesis only, and would take the `text("…")` of SQLAlchemy for one of ours.
"""

import ast
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from core.i18n import LANGUAGES, LOCALES

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "pages")
READERS = frozenset({"reader", "text", "t"})
# These take a text from elsewhere, where it is marked: (file, the argument as it is written).
INDIRECT = {
    ("core/api/documentation.py", "meaning"),
    ("core/api/documentation.py", "operation.text"),
    ("pages/parts/tokens.py", "SCOPES[it]"),
    ("pages/parts/tokens.py", "SCOPES[scope]"),
    ("pages/parts/tokens.py", "ENDS[it]"),
    ("core/errors.py", "message"),
    ("core/errors.py", "value"),
    ("core/i18n.py", "pattern"),
    ("pages/parts/acts.py", "name"),
    ("pages/parts/changes.py", "name"),
    ("pages/parts/limits.py", "label"),
    ("pages/admin/usage_parts.py", "DOORS[door]"),
    ("pages/admin/usage_parts.py", "STATES[state]"),
    ("pages/admin/usage_period.py", "KINDS[kind]"),
    ("pages/admin/usage_times.py", "MEASURES[measure]"),
    ("pages/parts/money.py", "use.name"),
    ("pages/parts/states.py", "name"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text where it is used. `plural` None: nothing is counted; `params` None: it is filled elsewhere."""

    place: str
    line: int
    message: str
    plural: str | None
    params: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Module:
    place: str
    tree: ast.Module
    imported: frozenset[str]

    @classmethod
    def parsed(cls, place: str, source: str) -> "Module":
        tree = ast.parse(source, place)
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        return cls(place, tree, frozenset(names))

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def is_reader(self, callee: ast.expr) -> bool:
        """Whether calling this translates."""
        if isinstance(callee, ast.Attribute):
            return callee.attr.lstrip("_") == "reader"
        if not isinstance(callee, ast.Name) or callee.id in self.imported:
            return False
        return callee.id in READERS or (callee.id == "self" and self.place == "core/i18n.py")

    def is_text(self, call: ast.Call) -> bool:
        """Whether the call names a text: it translates it, or marks it."""
        callee = call.func
        is_mark = isinstance(callee, ast.Name) and callee.id == "mark"
        return is_mark or is_plural(callee) or self.is_reader(callee)


def is_plural(callee: ast.expr) -> bool:
    return isinstance(callee, ast.Attribute) and callee.attr == "plural"


def modules(*folders: str) -> list[Module]:
    return [module_of(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def module_of(path: Path) -> Module:
    return Module.parsed(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


def texts(module: Module) -> list[Text]:
    """In the order in which they stand in the file; ValueError, with the place, for one that cannot be read."""
    calls = [call for call in module.calls() if module.is_text(call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [text for call in calls if (text := _text(module, call)) is not None]


def _text(module: Module, call: ast.Call) -> Text | None:
    wanted = 2 if is_plural(call.func) else 1
    literals = [
        argument.value
        for argument in call.args[:wanted]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if len(literals) < wanted:
        if call.args and (module.place, ast.unparse(call.args[0])) in INDIRECT:
            return None
        raise ValueError(f"{module.place}:{call.lineno}: a text that is not a literal: {ast.unparse(call)}")
    return Text(module.place, call.lineno, literals[0], literals[1] if wanted == 2 else None, _params(module, call))


def _params(module: Module, call: ast.Call) -> frozenset[str] | None:
    if isinstance(call.func, ast.Name) and call.func.id == "mark":
        return None
    names = {keyword.arg for keyword in call.keywords} | ({"count"} if is_plural(call.func) else set())
    return None if None in names else frozenset(name for name in names if name)


def all_texts() -> list[Text]:
    return [text for module in modules(*FOLDERS) for text in texts(module)]


def path_of(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "imagier.po"


def read(language: str) -> Catalog:
    with path_of(language).open("rb") as source:
        return read_po(source, locale=language)


def updated(language: str, found: list[Text]) -> Catalog:
    """The texts with the translations that they have; what is no longer used is gone, and nothing is guessed."""
    known = read(language)
    catalog = Catalog(locale=language)
    for text in found:
        message = text.message if text.plural is None else (text.message, text.plural)
        before = known.get(text.message)
        # Babel merges the places of a text that is used twice.
        kept = before.string if before is not None and before.id == message and not before.fuzzy else ""
        catalog.add(message, kept, locations=[(text.place, 1)])
    return catalog


def written(catalog: Catalog) -> bytes:
    """As it stands in the file: without dates, names and line numbers, one line for each text, file by file."""
    header = (
        'msgid ""\nmsgstr ""\n'
        '"Project-Id-Version: imagier\\n"\n'
        f'"Language: {catalog.locale}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    body = io.BytesIO()
    write_po(body, catalog, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return header.encode() + body.getvalue().rstrip() + b"\n"


def main() -> None:
    found = all_texts()
    for language in LANGUAGES:
        catalog = updated(language, found)
        path_of(language).write_bytes(written(catalog))
        for message in catalog:
            strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
            if language != "en" and message.id and not all(strings):
                sys.stdout.write(f"{language}: not translated: {message.id}\n")


if __name__ == "__main__":
    main()
