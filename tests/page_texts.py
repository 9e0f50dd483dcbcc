"""Texts in a page that nobody can translate, because they do not come through a reader.

Two rules. Whatever reaches something that draws (`st.title(…)`, `place.error(…)`, `help=…`) is a fault if it has a
letter, be it in an f-string, a list, or a name that was given a value in the same file. And a literal anywhere in a
page is a fault if it reads like a text for people: two words, or a capitalised one. Markup does not count; what its
attributes show to people does.
"""

import ast
import html
import re
from collections import defaultdict
from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from tests.messages import Module

UNTRANSLATED = {"Imagier"}
# What a library calls its own fields: (file, the literal).
FOREIGN = {("pages/parts/authenticator.py", name) for name in ("Form name", "Username", "Password", "Login")}

_LAYOUT = {"columns", "container", "divider", "empty", "form", "grid", "skeleton", "space"}
_DRAWING = {name for name in dir(DeltaGenerator) if not name.startswith("_")} - _LAYOUT
_DRAWING |= {"Page", "dialog", "write_stream", "echo"} & set(dir(st))
_LOGS = {"log", "logger", "logging"}
_ONE_SHOWN = {"code", "file_uploader"}  # the second argument of these is technical
_SHOWN = {"body", "caption", "captions", "delta", "help", "label", "message", "options", "page_title", "placeholder"}
_SHOWN |= {"prefix", "suffix", "text", "title", "value"}
_TRANSPARENT = {"capitalize", "escape", "format", "join", "lower", "replace", "str", "strip", "title", "upper"}
_CODE = {"css", "js"}

_TAG = re.compile(r"<[^>]*>")
_SHOWN_ATTRIBUTE = re.compile(r"""\b(?:alt|title|placeholder|aria-label)\s*=\s*(["'])(.*?)\1""", re.DOTALL)
_GAP = re.compile(r"\{\w+\}")  # that a script fills
_ICON = re.compile(r":material/\w+:")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_EDGES = ".,;:!?…()«»“”\"'’*_#·–"
_SCRIPT_COMMENT = re.compile(r"(?<!:)//[^\n]*|/\*.*?\*/", re.DOTALL)
_SCRIPT_STRING = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
_SELECTOR = re.compile(r"""\b(?:querySelector(?:All)?|closest|matches)(?:\?\.)?\(\s*(["'`]).*?\1,?\s*\)""", re.DOTALL)
_KEY = re.compile(r"""\bkey\s*[!=]==\s*(["'])\w+\1""")  # of the keyboard
_SCRIPT_OWN = {"Enter", "Content-Type"}
_STYLE_ICON = re.compile(r"""stIconMaterial[^{]*\{[^}]*\}""")  # whose name is drawn as a sign
_STYLE_CONTENT = re.compile(r"(?<![\w-])content:([^;}]*)")


def untranslated(module: Module) -> list[str]:
    """Each fault with its place, such as "pages/create.py:12: Hello"."""
    search = _Search(module)
    search.visit(module.tree)
    return [f"{module.place}:{line}: {text}" for (line, _), text in sorted(search.found.items())]


def untranslated_in_script(place: str, source: str) -> list[str]:
    code = _SCRIPT_COMMENT.sub("", source)
    for technical in (_SELECTOR, _KEY):
        code = technical.sub("", code)
    texts = [match[2] for match in _SCRIPT_STRING.finditer(code)]
    return [f"{place}: {text}" for text in texts if text not in _SCRIPT_OWN and is_readable(text)]


def untranslated_in_style(place: str, source: str) -> list[str]:
    contents = [match[1] for match in _STYLE_CONTENT.finditer(_STYLE_ICON.sub("", source))]
    texts = [match[2] for content in contents for match in _SCRIPT_STRING.finditer(content)]
    return [f"{place}: {text}" for text in texts if has_letters(text)]


def has_letters(text: str) -> bool:
    return bool(_LETTER.search(_visible(text)))


def is_readable(text: str) -> bool:
    """Whether it reads like something that is meant for people, and not for a program."""
    if any(has_letters(match[2]) for match in _SHOWN_ATTRIBUTE.finditer(text)):
        return True
    words = [word for part in _visible(text).split() if _WORD.fullmatch(word := part.strip(_EDGES))]
    foreign = any(letter.isalpha() and not letter.isascii() for letter in text)
    return foreign or len(words) > 1 or any(word[0].isupper() and word[1:2].islower() for word in words)


def _visible(text: str) -> str:
    attributes = " ".join(match[2] for match in _SHOWN_ATTRIBUTE.finditer(text))
    plain = html.unescape(_TAG.sub(" ", _ICON.sub("", _GAP.sub("", text)))) + " " + attributes
    for name in UNTRANSLATED:
        plain = re.sub(rf"\b{name}\b", "", plain)
    return plain


def _whole(node: ast.JoinedStr) -> str:
    """An f-string with a brace where a value comes in."""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


class _Search(ast.NodeVisitor):
    def __init__(self, module: Module):
        self.found: dict[tuple[int, int], str] = {}
        self._module = module
        self._followed: set[str] = set()
        self._values: dict[str, list[ast.expr]] = defaultdict(list)
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (target.id for target in targets if isinstance(target, ast.Name)):
                    self._values[name].append(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # not a docstring
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Annotations say nothing to people."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, node.args, *node.body):
            self.visit(part)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and is_readable(node.value):
            self._add(node, node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        if is_readable(_whole(node)):
            self._add(node, _whole(node))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def visit_Call(self, node: ast.Call) -> None:
        if self._is_log(node):
            return
        is_text = self._module.is_text(node)
        for expression in self._shown_by(node, is_text):
            self._show(expression)
        self.visit(node.func)
        for argument in () if is_text else node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg in _CODE and isinstance(keyword.value, ast.Constant):
                check = untranslated_in_script if keyword.arg == "js" else untranslated_in_style
                for fault in check("", str(keyword.value.value)):
                    self._add(keyword.value, fault)
            else:
                self.visit(keyword.value)

    def _is_log(self, node: ast.Call) -> bool:
        callee = node.func
        return isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name) and callee.value.id in _LOGS

    def _shown_by(self, node: ast.Call, is_text: bool) -> Iterator[ast.expr]:
        """The arguments of a call that people come to see."""
        if is_text:  # what fills the gaps of a text
            yield from (keyword.value for keyword in node.keywords)
            return
        is_formatted = any(keyword.arg == "format_func" for keyword in node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _DRAWING:
            yield from node.args[:1] if is_formatted or node.func.attr in _ONE_SHOWN else node.args
        shown = _SHOWN - {"options", "value"} if is_formatted else _SHOWN
        yield from (keyword.value for keyword in node.keywords if keyword.arg in shown)

    def _show(self, node: ast.expr) -> None:
        """Follow an expression to the literals that it is made of."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if has_letters(node.value):
                self._add(node, node.value)
        elif isinstance(node, ast.JoinedStr):
            if has_letters(_whole(node)):
                self._add(node, _whole(node))
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    self._show(part.value)
        elif isinstance(node, ast.Name):
            if node.id not in self._followed:
                self._followed.add(node.id)
                for value in self._values[node.id]:
                    self._show(value)
        elif isinstance(node, ast.Call):
            self._show_call(node)
        else:
            for part in _parts(node):
                self._show(part)

    def _show_call(self, node: ast.Call) -> None:
        callee = node.func
        name = callee.attr if isinstance(callee, ast.Attribute) else callee.id if isinstance(callee, ast.Name) else ""
        if self._module.is_text(node) or name not in _TRANSPARENT:
            return
        if isinstance(callee, ast.Attribute):
            self._show(callee.value)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            self._show(argument)

    def _add(self, node: ast.expr, text: str) -> None:
        if text not in UNTRANSLATED and (self._module.place, text) not in FOREIGN:
            self.found[node.lineno, node.col_offset] = text


def _parts(node: ast.expr) -> list[ast.expr]:
    """What an expression may turn out to be, or is put together from."""
    match node:
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BinOp():
            return [node.left, node.right]
        case ast.BoolOp():
            return node.values
        case ast.List() | ast.Tuple() | ast.Set():
            return node.elts
        case ast.Dict():
            return [part for part in (*node.keys, *node.values) if part is not None]
        case ast.GeneratorExp() | ast.ListComp():
            return [node.elt]
        case ast.Starred() | ast.NamedExpr() | ast.FormattedValue():
            return [node.value]
        case ast.Subscript(value=ast.Dict(values=values)):
            return values
        case _:
            return []
