"""A personal token: made on the account page, shown once, used by a program, and refused as soon as it is revoked."""

import openai
import pytest
from playwright.sync_api import expect

from tests.browser import screens
from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows

pytestmark = pytest.mark.browser


def test_a_token_is_made_copied_used_and_revoked(
    window: Windows, studio: Application, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    page = window(token=cast.token(alice))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screens.open_page(page, "/account")
    page.get_by_text("New token").click()
    page.get_by_label("Dollars that it may spend in all").fill("a lot")
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    expect(page.get_by_label("Dollars that it may spend in all")).to_have_value("a lot")

    page.get_by_label("What it is for").fill("laptop *1*")
    page.get_by_role("combobox", name="What it may do").click()
    page.get_by_role("option", name="Read only").click()
    page.get_by_role("combobox", name="When it ends").click()
    page.get_by_role("option", name="In 30 days").click()
    page.get_by_label("Dollars that it may spend in all").fill("1.50")
    page.get_by_role("button", name="Make the token").click()
    code = page.get_by_test_id("stCode").filter(has_text="imagier_")
    expect(code).to_be_visible()
    code.hover()
    code.get_by_role("button").click()
    token = page.evaluate("navigator.clipboard.readText()")
    assert token.startswith("imagier_")
    assert code.inner_text().strip() == token
    row = page.locator("[class*='st-key-token-']").filter(has_text="laptop *1*")
    expect(row).to_contain_text("Read only")
    expect(row).to_contain_text("never used")
    expect(row).to_contain_text("$0.00 of $1.50 used")

    with openai.OpenAI(api_key=token, base_url=f"{studio.url}/api/v1", max_retries=0) as client:
        assert client.models.list().data
        with pytest.raises(openai.PermissionDeniedError):
            client.images.generate(prompt="a quay")
        page.reload()
        expect(row).to_contain_text("last used")
        expect(page.get_by_text(token)).to_have_count(0)
        row.get_by_role("button", name="Revoke").click()
        page.get_by_role("button", name="Revoke the token").click()
        expect(row).to_have_count(0)
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert complaints == []
