"""An administrator sets up a connection, tests it, draws with it, changes it and removes it, without a restart."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from core.connections.drafts import EXAMPLE_ADDRESS
from core.storage.tables import AuditEntry, Connection
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import KEY, ImagesServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("connections")]


@pytest.fixture(autouse=True)
def as_it_was(cast: Cast, provider: ImagesServer) -> Iterator[None]:
    yield
    provider.models = ""
    with cast.database.write() as session:
        session.execute(delete(Connection).where(Connection.kind.is_not(None)))


def test_from_a_new_connection_to_its_picture_and_to_its_end(
    window: Windows, cast: Cast, ada: Somebody, provider: ImagesServer, complaints: list[str]
) -> None:
    name, frames = f"server of {ada.login}", list[str]()
    page = window(token=cast.token(ada))
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda data: frames.append(data if isinstance(data, str) else data.decode("latin-1"))
        ),
    )
    screens.open_page(page, "/connections")
    page.get_by_role("button", name="Add a connection").click()
    page.get_by_text("Compatible server", exact=True).click()
    expect(page.get_by_role("textbox", name="Base URL")).to_have_attribute("placeholder", EXAMPLE_ADDRESS)
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Base URL").fill("nonsense")
    page.get_by_role("textbox", name="Key").fill(KEY)
    page.get_by_role("button", name="Save").click()
    expect(screens.refusal(page)).to_contain_text("This cannot be the base URL of a server.")
    expect(page.get_by_role("textbox", name="Name")).to_have_value(name)
    page.get_by_role("textbox", name="Base URL").fill(provider.base_url)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".imagier-line strong", has_text=name)).to_be_visible()
    expect(page.get_by_text("It offers no model yet.")).to_be_visible()

    provider.models = "texts"
    page.locator(f"[class*='st-key-test-{name.replace(' ', '-')}'] button").click()
    findings = page.locator(".imagier-findings")
    expect(findings).to_contain_text("It accepts the key.")
    expect(findings).to_contain_text("Models that it lists: 2.")
    screens.unfold(page, "Other models that it lists")
    page.get_by_role("button", name="hare", exact=True).click()
    page.get_by_role("button", name="Offer the chosen ones").click()
    expect(page.get_by_text("The cheapest picture here: hare")).to_be_visible()
    page.get_by_role("button", name="Draw it · unpriced").click()
    expect(page.get_by_text("The picture came; what it cost is not known.")).to_be_visible()
    assert [call.parameters["model"] for call in provider.calls if call.prompt == "A grey stone"] == ["hare"]
    page.get_by_test_id("stMain").get_by_role("button", name="Close", exact=True).click()

    screens.go(page, "Create")
    screens.choose(page, "model", "hare")
    screens.describe(page, "A hare in the snow")
    screens.wait_for_tile(page, "done", 2)

    screens.go(page, "Connections")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("textbox", name="Base URL").fill("http://elsewhere.example/v1")
    page.get_by_role("textbox", name="Models").fill("hare = 0.02")
    page.get_by_role("button", name="Save").click()
    expect(screens.refusal(page)).to_contain_text("The key is not sent to another address")
    page.get_by_role("textbox", name="Base URL").fill(provider.base_url)
    page.get_by_role("button", name="Save").click()
    expect(screens.refusal(page)).to_have_count(0)
    expect(page.get_by_text("$0.02 each picture")).to_be_visible()

    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it for good").click()
    expect(page.locator(".imagier-line strong", has_text=name)).to_have_count(0)
    assert not [frame for frame in frames if KEY in frame], "the key went in, and never came back"
    with cast.database.read() as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == name).order_by(AuditEntry.id)).all()
    assert [act.removeprefix("connection.") for act in acts] == ["added", "tested", "changed", "changed", "removed"]
    assert complaints == []
