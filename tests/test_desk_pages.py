"""The administrator's forms when two have the same one open: nobody undoes the other's work, nothing typed is lost."""

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core import services as parts
from core.accounts.sessions import Person
from core.connections.drafts import Draft
from core.i18n import Reader
from core.ledger.limits import USER
from core.services import Services
from core.settings import Settings
from pages.parts.visit import Here
from tests.images_server import KEY, ImagesServer
from tests.patience import SECONDS
from tests.studio import Cast, insert_cast


def settings_form() -> None:
    from pages.admin import settings

    settings.show()


def person_form() -> None:
    from pages.admin import people

    people.show()


def audit_list() -> None:
    from pages.admin import audit

    audit.show()


def connections_form() -> None:
    from pages.admin import connections

    connections.show()


@pytest.fixture
def services(database_url: str, settings: Settings) -> Iterator[Services]:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    yield services
    services.database.close()


@pytest.fixture
def cast(services: Services, monkeypatch: pytest.MonkeyPatch) -> Cast:
    cast = insert_cast(services.database)
    ada = Person(cast.ada, 1, "ada", "Ada", "admin", "en")
    monkeypatch.setattr(parts, "_current", services)
    monkeypatch.setattr("pages.parts.visit.visit", lambda: Here(services, ada, Reader()))
    return cast


def opened(page: Callable[[], None], **address: str) -> AppTest:
    test = AppTest.from_function(page, default_timeout=SECONDS)
    for name, value in address.items():
        test.query_params[name] = value
    return run(test)


def run(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception
    return test


def press(test: AppTest, form: str, label: str = "Save") -> AppTest:
    button = next(it for it in test.button if it.label == label and form in (it.key or it.proto.form_id))
    button.click()
    return run(test)


def test_two_who_change_settings_undo_nothing_of_one_another(services: Services, cast: Cast) -> None:
    one, other = opened(settings_form), opened(settings_form)
    one.toggle(key="site-sharing").set_value(False)
    one.number_input(key="site-previews").set_value(2)
    press(one, "settings")
    assert [said.value for said in one.success] == ["Saved. It holds at once."]
    other.selectbox(key="site-language").set_value("fr")
    press(other, "settings")
    now = services.site.now()
    assert (now.sharing, now.previews, now.language) == (False, 2, "fr")
    assert other.toggle(key="site-sharing").value is False, "and sees at once what the other did"
    other.selectbox(key="site-language").set_value("en")
    press(other, "settings")
    other.selectbox(key="site-language").set_value("fr")
    press(other, "settings")
    assert services.site.now().language == "fr"


def test_a_refused_setting_is_told_with_what_was_typed(services: Services, cast: Cast) -> None:
    page = opened(settings_form)
    page.number_input(key="site-retention_days").set_value(3)
    page.text_input(key="site-text_model").set_value("gpt-5-nano")
    press(page, "settings")
    assert "days of notice" in page.error[0].value
    assert services.site.now().retention_days is None
    assert page.number_input(key="site-retention_days").value == 3
    assert page.text_input(key="site-text_model").value == "gpt-5-nano"
    page.number_input(key="site-retention_notice_days").set_value(1)
    press(page, "settings")
    now = services.site.now()
    assert (now.retention_days, now.retention_notice_days, now.text_model) == (3, 1, "gpt-5-nano")


def test_two_who_change_a_person_undo_nothing_of_one_another(services: Services, cast: Cast) -> None:
    alice = str(cast.alice)
    one, other = opened(person_form, person=alice), opened(person_form, person=alice)
    one.text_input(key=f"names-{alice}-login").set_value("alice.m")
    press(one, f"names-{alice}")
    one.text_input(key=f"limit-user-{alice}-pictures-per-day").set_value("3")
    press(one, "limits")
    other.selectbox(key=f"names-{alice}-type").set_value("admin")
    press(other, f"names-{alice}")
    other.text_input(key=f"limit-user-{alice}-dollars-per-month").set_value("1,50")
    press(other, "limits")
    row = services.roster.person(cast.alice)
    assert row is not None
    assert (row.user.login, row.user.type) == ("alice.m", "admin")
    assert services.limits.of(USER, alice) == {"pictures-per-day": "3", "dollars-per-month": "1500000"}
    assert other.text_input(key=f"limit-user-{alice}-dollars-per-month").value == "1.5"
    other.text_input(key=f"names-{alice}-login").set_value("bob")
    other.text_input(key=f"names-{alice}-name").set_value("Alice Martin")
    press(other, f"names-{alice}")
    assert "taken" in other.error[0].value
    assert other.text_input(key=f"names-{alice}-name").value == "Alice Martin"


def test_who_changes_a_connection_that_was_changed_meanwhile_is_told(services: Services, cast: Cast) -> None:
    connections = services.connections
    connections.add(cast.ada, "server", Draft("compatible", "http://one.example/v1", "sk-the-key-of-one", at_once=2))
    one = opened(connections_form)
    one.button(key="edit-server").click()
    run(one)
    connections.change(cast.ada, "server", Draft("compatible", "http://one.example/v1", at_once=7))
    one.text_area[0].set_value("fox = 0.02")
    press(one, "connection-server-form")
    assert "Somebody else has changed" in one.error[0].value
    assert one.text_area[0].value == "fox = 0.02"
    assert connections.find("server").at_once == 7
    press(one, "connection-server-form", "Cancel")
    one.button(key="edit-server").click()
    run(one)
    one.text_area[0].set_value("fox = 0.02")
    press(one, "connection-server-form")
    line = connections.find("server")
    assert (line.at_once, [model.name for model in line.models]) == (7, ["fox"])


def test_the_connection_of_the_text_model_is_chosen_and_given_back(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", Draft("compatible", "http://one.example/v1", models={"fox": None}))
    page = opened(settings_form)
    chosen = page.selectbox(key="site-text_connection")
    assert chosen.options == ["the first that is open", "server"]
    chosen.set_value("server")
    press(page, "settings")
    assert services.site.now().text_connection == "server"
    services.connections.remove("server")
    page = opened(settings_form)
    assert page.selectbox(key="site-text_connection").value == "server", "it is told, though it is gone"
    page.selectbox(key="site-text_connection").set_value("")
    press(page, "settings")
    assert services.site.now().text_connection is None


def test_what_a_test_found_of_another_address_is_not_shown_any_more(services: Services, cast: Cast) -> None:
    with ImagesServer() as server:
        server.models = "texts"
        services.connections.add(cast.ada, "server", Draft("compatible", server.base_url, KEY, models={"fox": 40_000}))
        page = opened(connections_form)
        page.button(key="test-server").click()
        run(page)
        assert [button.label for button in page.button if button.key == "draw-server"] == ["Draw it · at most \\$0.04"]
        elsewhere = Draft("compatible", "http://two.example/v1", KEY, models={"fox": 40_000})
        services.connections.change(cast.ada, "server", elsewhere)
        assert not [button for button in run(page).button if button.key == "draw-server"]


def test_an_invitation_tells_its_role_limits_uses_and_end(services: Services, cast: Cast) -> None:
    limits = {"pictures-per-day": "10", "dollars-per-month": "2,50"}
    services.invitations.create("Class 3b", "user", limits, uses=30)
    (shown,) = [it.proto.body for it in opened(person_form).get("html") if "of 30 used" in it.proto.body]
    assert "User · 0 of 30 used · ends on " in shown
    assert "Pictures per day: 10 · Dollars per month: 2.5" in shown


@pytest.mark.parametrize(
    ("region", "expected"),
    [("en-US", "YYYY-MM-DD"), ("fr", "DD/MM/YYYY"), ("fr-BE", "DD/MM/YYYY"), ("fr-CA", "YYYY-MM-DD")],
)
def test_a_day_is_typed_as_its_reader_writes_it(
    services: Services, cast: Cast, monkeypatch: pytest.MonkeyPatch, region: str, expected: str
) -> None:
    ada, reader = Person(cast.ada, 1, "ada", "Ada", "admin", "en"), Reader(region[:2], region)
    monkeypatch.setattr("pages.parts.visit.visit", lambda: Here(services, ada, reader))
    assert [field.proto.format for field in opened(audit_list).date_input] == [expected, expected]


def test_a_record_in_which_nothing_is_found_says_so(services: Services, cast: Cast) -> None:
    assert "There is no such act in the record." in [it.value for it in opened(audit_list, q="nothing").markdown]
