"""The one place that knows streamlit-authenticator: its sign-in form and its password check, around our sessions.

Its cookies are left out, because an old one signs in after a sign-out; so is what it keeps in the Streamlit session,
which nobody asks: the session's row is the only truth. The library is pinned, because `_Form` leaves its constructor
out, which would draw a cookie component, and gives it the two objects that its form calls.
"""

from typing import Any, NoReturn

import streamlit as st
from streamlit_authenticator.controllers import AuthenticationController
from streamlit_authenticator.views import Authenticate

from core.accounts.passwords import NOBODY, is_too_long, normal
from core.accounts.people import is_login, normal_login
from core.api.auth import COOKIE
from core.errors import Problem
from core.i18n import Reader
from core.services import Services

_FAILED = "session_not_started"
_LIBRARY_KEYS = ("authentication_status", "name", "username", "email", "roles", "logout", "password_hint")

# An HttpOnly cookie cannot be set from here, so the browser fetches it, and comes back to the same address with it.
_call = st.components.v2.component(
    "imagier_session",
    html="<span></span>",
    js="""
const called = new Set()
export default function ({ data, setTriggerValue }) {
  const call = JSON.stringify(data)
  if (called.has(call)) return
  called.add(call)
  const failed = () => setTriggerValue("failed", true)
  fetch(data.url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ticket: data.ticket }),
  }).then((response) => (response.ok ? window.location.reload() : failed()), failed)
}
""",
)


def sign_in_form(services: Services, reader: Reader, address: str) -> Problem | None:
    """Draw the form; when it is sent with the right password, the page reloads, signed in."""
    problem = Problem("session_not_started") if st.session_state.pop(_FAILED, False) else None
    _forget()
    try:
        _Form(_Door(services, address)).login(
            fields={
                "Form name": "",  # a heading of the third order, under none of the second
                "Username": reader("Sign-in name"),
                "Password": reader("Password"),
                "Login": reader("Sign in"),
            },
            key="sign_in",
        )
    except Problem as refusal:
        problem = refusal
    finally:
        _forget()
    return problem


def keep_signed_in(services: Services, user_id: int, address: str) -> None:
    """Begin a session and reload the page, which keeps its address. Only for somebody whose password was right."""
    data = {"url": "/auth/session", "ticket": services.sessions.ticket(user_id, address)}
    _call(data=data, key="keep_signed_in", on_failed_change=_remember_failure)


def sign_out(services: Services) -> NoReturn:
    """End this browser's session, in all its tabs, and reload the page. Not for a callback: it draws."""
    services.sessions.end(session_token())
    _call(data={"url": "/auth/logout", "ticket": None}, key="sign_out", on_failed_change=lambda: None)
    # Whatever else this page has would find that nobody is here and begin anew, and then a slow browser never sees the
    # call that takes its cookie away.
    st.stop()


def session_token() -> str | None:
    """What the browser sent when this tab was opened."""
    token = st.context.cookies.get(COOKIE)
    return token if isinstance(token, str) else None


class _Form(Authenticate):  # type: ignore[misc]  # the library has no types
    def __init__(self, door: "_Door"):
        self.authentication_controller = self.cookie_controller = door
        self.attrs = {"login_sleep_time": 0}
        self.path = None


class _Door:
    """What the form calls: `login` when it is sent, then `set_cookie` if that was right."""

    def __init__(self, services: Services, address: str):
        self._services = services
        self._address = address
        self._user_id = 0

    def get_cookie(self) -> None:
        """Nobody is signed in by this: whoever has a session does not come to the form."""

    def login(self, username: str, password: str, *_: Any, **__: Any) -> bool:
        """True or a Problem, the same and as late for a name that nobody has as for a wrong password."""
        login, typed = normal_login(username), normal(password)
        if not login or not typed:
            raise Problem("wrong_credentials")
        self._services.throttle.begin(login, self._address)
        user = self._services.people.find(login)
        if user is None or user.disabled_at is not None or is_too_long(typed):
            _library_accepts(NOBODY, "wrong")
            if user is None:
                self._refuse(login, "no_such_account")
            self._refuse(login, "disabled_account" if user.disabled_at is not None else "wrong_password")
        if not _library_accepts(user.password, typed):
            self._refuse(login, "wrong_password")
        self._services.throttle.succeeded(login, self._address)
        self._user_id = user.id
        return True

    def _refuse(self, login: str, reason: str) -> NoReturn:
        """What cannot be a name at all is not written down: it may be a password in the wrong field."""
        subject = login if is_login(login) else ""
        self._services.throttle.failed("session.refused", login, self._address, subject, reason)
        raise Problem("wrong_credentials")

    def set_cookie(self) -> None:
        keep_signed_in(self._services, self._user_id, self._address)


def _library_accepts(password_hash: str, password: str) -> bool:
    """The library sees one account only, the one that is signing in; what it is called plays no part."""
    accounts = {"usernames": {"person": {"name": "", "password": password_hash}}}
    return AuthenticationController(accounts, auto_hash=False).login("person", password) is True


def _remember_failure() -> None:
    st.session_state[_FAILED] = True


def _forget() -> None:
    """What the library would otherwise believe at the next run."""
    for key in _LIBRARY_KEYS:
        st.session_state.pop(key, None)
