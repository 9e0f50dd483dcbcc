"""Making an account for oneself, as long as the site is open for that."""

from core.accounts.people import People
from core.accounts.throttle import Throttle
from core.errors import Problem
from core.site import Sites


class Registration:
    def __init__(self, people: People, throttle: Throttle, sites: Sites):
        self._people = people
        self._throttle = throttle
        self._sites = sites

    @property
    def is_open(self) -> bool:
        return self._sites.now().registration == "open" and self._people.any()

    def sign_up(self, login: str, name: str, password: str, address: str) -> int:
        """The id of the new account, which is a user's."""
        if not self.is_open:
            raise Problem("registration_closed")
        self._throttle.sign_up(address)
        return self._people.sign_up(login, name, password)
