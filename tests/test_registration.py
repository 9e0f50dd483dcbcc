"""Making an account for oneself: while the site is open for it, and not without end."""

from collections.abc import Iterator

import pytest

from core import services as parts
from core.accounts.throttle import SIGN_UP
from core.errors import Problem
from core.services import Services
from core.settings import Settings

PASSWORD = "a sentence of their own"


@pytest.fixture
def services(database_url: str, settings: Settings, quick_hashes: None) -> Iterator[Services]:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    services.people.create_administrator("ada", "Ada", PASSWORD)
    yield services
    services.database.close()


def code(services: Services, login: str, address: str = "192.0.2.1") -> str | None:
    try:
        services.registration.sign_up(login, login.title(), PASSWORD, address)
    except Problem as problem:
        return problem.code
    return None


def test_a_closed_site_lets_nobody_make_an_account(services: Services) -> None:
    assert not services.registration.is_open
    assert code(services, "mallory") == "registration_closed"
    assert services.people.find("mallory") is None


def test_an_open_site_makes_users_and_can_be_closed_again(services: Services) -> None:
    services.site.change({"registration": "open"})
    assert code(services, "bob") is None
    bob = services.people.existing("bob")
    assert (bob.type, bob.disabled_at) == ("user", None)
    assert code(services, "bob") == "login_taken"
    services.site.change({"registration": "closed"})
    assert code(services, "carol") == "registration_closed"


def test_one_address_does_not_make_accounts_without_end_and_still_signs_in(services: Services) -> None:
    services.site.change({"registration": "open"})
    for number in range(SIGN_UP.free + 1):
        assert code(services, f"user{number}") is None
    assert code(services, "onemore") == "too_many_attempts"
    assert code(services, "elsewhere", "198.51.100.1") is None
    services.throttle.begin("user1", "192.0.2.1")


def test_a_site_that_is_not_set_up_is_open_for_nobody(database_url: str, settings: Settings) -> None:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    services.site.change({"registration": "open"})
    assert code(services, "mallory") == "registration_closed"
    services.database.close()
