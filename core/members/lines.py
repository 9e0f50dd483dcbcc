"""A pasted list or a CSV file of people: which separators, with or without a first line of names, and what is wrong."""

import io
from collections.abc import Iterator, Sequence
from csv import Error
from csv import reader as csv_rows
from dataclasses import dataclass, field

from core.accounts.people import normal_name, possible_login
from core.errors import Problem
from core.ledger.limits import KINDS
from core.members.invitations import kept_limits

MOST_LINES = 5_000
MOST_BYTES = 2_000_000
ROLES = {
    "user": "user",
    "utilisateur": "user",
    "utilisatrice": "user",
    "": "user",
    "admin": "admin",
    "administrator": "admin",
    "administrateur": "admin",
    "administratrice": "admin",
}
COLUMNS = {
    "login": "login",
    "sign-in name": "login",
    "username": "login",
    "identifiant": "login",
    "name": "name",
    "nom": "name",
    "type": "type",
    "role": "type",
    "rôle": "type",
}
ORDER = ("login", "name", "type")


@dataclass(frozen=True, slots=True)
class Entry:
    """One account to be made; `number` is that of its line, from 1."""

    number: int
    login: str
    name: str
    type: str
    limits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    number: int
    problem: Problem


class FaultyLines(Exception):
    """Nothing was done: each of these lines has a fault."""

    def __init__(self, faults: Sequence[Fault]):
        super().__init__(f"{len(faults)} lines are faulty")
        self.faults = tuple(sorted(faults, key=lambda fault: fault.number))


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 where a mark says so, else what spreadsheets of Western Europe write."""
    if len(data) > MOST_BYTES:
        raise Problem("list_too_long", most=MOST_LINES)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_list(text: str) -> tuple[list[Entry], list[Fault]]:
    """The accounts of a list that can be, and what is wrong with which of its other lines."""
    found: dict[str, Entry] = {}
    faults: list[Fault] = []
    header: list[str] | None = None
    is_first = True
    for number, cells in _rows(text, faults):
        if is_first:
            is_first = False
            header = _header(cells)
            if header is not None:
                continue
        try:
            entry = _entry(number, cells, header)
            if entry.login in found:
                raise Problem("line_twice", login=entry.login, line=found[entry.login].number)
        except Problem as problem:
            faults.append(Fault(number, problem))
        else:
            found[entry.login] = entry
        if len(found) + len(faults) > MOST_LINES:
            raise Problem("list_too_long", most=MOST_LINES)
    if not (found or faults):
        raise Problem("list_empty")
    return list(found.values()), faults


def _rows(text: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds something, with its number; a line may have line breaks between quotes."""
    plain = text.lstrip("\ufeff").replace("\0", "")
    rows = csv_rows(io.StringIO(plain, newline=""), delimiter=_delimiter(plain), skipinitialspace=True, strict=True)
    while True:
        number = rows.line_num + 1
        try:
            cells = [cell.strip() for cell in next(rows)]
        except StopIteration:
            return
        except Error:
            faults.append(Fault(number, Problem("line_quotes")))
            continue
        if any(cells):
            yield number, cells


def _delimiter(text: str) -> str:
    """Of the separators, the one that most lines have outside quotes."""
    lines = "".join(text.split('"')[::2]).splitlines()
    return max("\t;,", key=lambda sign: sum(sign in line for line in lines))


def _header(cells: Sequence[str]) -> list[str] | None:
    """What each column is, if this first line says so."""
    names = [cell.casefold() for cell in cells]
    columns = [COLUMNS.get(name, name) for name in names]
    return columns if "login" in columns else None


def _entry(number: int, cells: list[str], header: list[str] | None) -> Entry:
    if header is None:
        values, more = dict(zip(ORDER, cells, strict=False)), cells[len(ORDER) :]
        limits = dict(_limit(cell) for cell in more if cell)
    else:
        if len([cell for cell in cells[len(header) :] if cell]) > 0:
            raise Problem("line_too_many", number=len(cells), most=len(header))
        values = dict(zip(header, cells, strict=False))
        limits = {kind: value for kind, value in values.items() if kind not in ORDER and kind and value}
    login = possible_login(values.get("login", ""))
    role = values.get("type", "").casefold()
    if role not in ROLES:
        raise Problem("role_unknown", value=role[:40])
    return Entry(number, login, normal_name(values.get("name", "") or login), ROLES[role], kept_limits(limits))


def _limit(cell: str) -> tuple[str, str]:
    """pictures-per-day=3"""
    kind, sign, value = cell.partition("=")
    if not sign:
        raise Problem("limit_unknown", kind=cell[:40], allowed=", ".join(KINDS))
    return kind.strip(), value
