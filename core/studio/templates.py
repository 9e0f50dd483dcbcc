"""Templates: descriptions with blanks, one's own and those that others share."""

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.accounts.sessions import Person
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Template
from core.studio.orders import LONGEST_DESCRIPTION
from core.studio.texts import storable

LONGEST_TITLE = 100
# What stands in braces on one line is a blank; the same name twice is filled once.
BLANK = re.compile(r"\{\s*([^{}\s](?:[^{}\n]{0,58}[^{}\s])?)\s*\}")


class Templates:
    def __init__(self, database: Database):
        self.database = database

    def visible(self, user_id: int) -> Sequence[Template]:
        """One's own, then those that others share, each in the order of their titles."""
        mine = Template.user_id == user_id
        query = select(Template).where(or_(mine, Template.shared)).order_by(mine.desc(), Template.title, Template.id)
        with self.database.read() as session:
            return session.scalars(query).all()

    def add(self, user_id: int, title: str, text: str, shared: bool) -> int:
        title, text = storable(" ".join(title.split())), storable(text).strip()
        if not 0 < len(title) <= LONGEST_TITLE or not 0 < len(text) <= LONGEST_DESCRIPTION:
            raise Problem("template_incomplete", longest=LONGEST_TITLE, most=LONGEST_DESCRIPTION)
        with self.database.write() as session:
            now = self.database.now(session)
            template = Template(user_id=user_id, title=title, text=text, shared=shared, created_at=now)
            session.add(template)
            session.flush()
            return template.id

    def share(self, person: Person, template_id: int, shared: bool) -> None:
        with self.database.write() as session:
            _own(session, person, template_id).shared = shared

    def remove(self, person: Person, template_id: int) -> None:
        """One's own; an administrator's hand reaches those of everybody that are shared."""
        with self.database.write() as session:
            session.delete(_own(session, person, template_id))


def blanks(text: str) -> list[str]:
    """The names of a template's blanks, each once, in their order."""
    return list(dict.fromkeys(BLANK.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The description; a blank without a value stays as it is."""
    return BLANK.sub(lambda found: values.get(found[1], "").strip() or found[0], text)


def filled_each(text: str, values: Mapping[str, Sequence[str]], most: int) -> list[str]:
    """A description of one line for every combination of the values; more than `most` are refused, and not made."""
    names = blanks(text)
    choices = [[value for value in values.get(name, ()) if value.strip()] or [""] for name in names]
    if (count := prod(len(each) for each in choices)) > most:
        raise Problem("too_many_lines", count=count, most=most)
    return [" ".join(filled(text, dict(zip(names, one, strict=True))).split()) for one in product(*choices)]


def _own(session: Session, person: Person, template_id: int) -> Template:
    template = session.get(Template, template_id)
    if template is None or not (template.user_id == person.user_id or (person.is_admin and template.shared)):
        raise Problem("no_such_template")
    return template
