"""Who looks at the page right now, and in which language. Every page and every fragment begins by asking."""

from dataclasses import dataclass

import streamlit as st

from core import services as parts
from core.accounts.sessions import Person
from core.acting import Actor, act_as
from core.api.auth import COOKIE
from core.i18n import Reader, choose_language
from core.services import Services

THIS_MACHINE = "127.0.0.1"  # what Streamlit calls None


@dataclass(frozen=True, slots=True)
class Visit:
    """`person` is None for who is not signed in. `address` is where the visitor is, for the throttle."""

    services: Services
    person: Person | None
    reader: Reader
    address: str


@dataclass(frozen=True, slots=True)
class Here:
    """The same, for somebody who is signed in."""

    services: Services
    person: Person
    reader: Reader


def visit() -> Visit:
    services = parts.current()
    # The cookie is that of the moment when the tab connected; the row behind it is read anew each time.
    token = st.context.cookies.get(COOKIE)
    person = services.sessions.person(token) if isinstance(token, str) else None
    address = st.context.ip_address or THIS_MACHINE
    act_as(Actor(person.user_id, person.login, address, "pages") if person else Actor(address=address, door="pages"))
    return Visit(services, person, _reader(services, person), address)


def require(role: str = "user") -> Here:
    """The signed-in person, who may see this page; whoever may not sees nothing of it."""
    seen = visit()
    if seen.person is None:
        st.rerun()  # the navigation shows the sign-in page
    if role == "admin" and not seen.person.is_admin:
        st.rerun()  # the navigation no longer has this page
    return Here(seen.services, seen.person, seen.reader)


def _reader(services: Services, person: Person | None) -> Reader:
    locale = st.context.locale
    wish = person.language if person else None
    language = choose_language(wish, locale, services.site.now().language)
    return Reader(language, locale, st.context.timezone)
