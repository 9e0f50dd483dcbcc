"""What an act changed: the fields of the record in the reader's words."""

from collections.abc import Mapping
from html import escape
from typing import Any

from core.i18n import Reader, mark
from core.ledger.limits import KINDS
from pages.parts.acts import word

# Those of a newer program keep their code, and so do settings of the site that have no other name.
FIELDS = {
    "accounts": mark("accounts"),
    "at_once": mark("pictures at once"),
    "base_url": mark("address"),
    "billed": mark("billed"),
    "cancelled": mark("pictures taken out of the line"),
    "cost_micros": mark("cost"),
    "days": mark("days"),
    "deadline": mark("seconds for a picture"),
    "deleted": mark("deleted"),
    "detail": mark("what was said"),
    "disabled": mark("disabled"),
    "ends": mark("ends"),
    "ends_at": mark("ends"),
    "failures": mark("failures"),
    "files": mark("files"),
    "format": mark("format"),
    "from_the_bin": mark("from the bin"),
    "hidden": mark("hidden"),
    "id": mark("number"),
    "image_in": mark("Picture in"),
    "image_in_cached": mark("Picture in, cached"),
    "image_out": mark("Picture out"),
    "images_per_minute": mark("pictures per minute"),
    "invitation": mark("invitation"),
    "key": mark("key"),
    "key_state": mark("what the key may do"),
    "kind": mark("kind"),
    "language": mark("language"),
    "last_id": mark("up to the number"),
    "limit_micros": mark("limit"),
    "limits": mark("limits"),
    "login": mark("sign-in name"),
    "model": mark("model"),
    "models": mark("models"),
    "name": mark("name"),
    "note": mark("note"),
    "older_than_days": mark("older than so many days"),
    "organisation": mark("organisation"),
    "owner": mark("owner"),
    "paused": mark("paused"),
    "people": mark("people"),
    "per_picture": mark("Each picture"),
    "picture": mark("picture"),
    "pictures": mark("pictures"),
    "place": mark("place in the order"),
    "previews": mark("previews"),
    "project": mark("project"),
    "reached": mark("reached"),
    "reason": mark("reason"),
    "registration": mark("registration"),
    "reserved_micros": mark("reserved"),
    "retention_days": mark("days that pictures are kept"),
    "retention_notice_days": mark("days of notice"),
    "revision": mark("revision"),
    "scopes": mark("what it may do"),
    "seconds": mark("seconds"),
    "sessions": mark("sessions"),
    "sessions_ended": mark("sessions ended"),
    "sharing": mark("sharing"),
    "since": mark("since"),
    "slowed": mark("slowed"),
    "source": mark("source"),
    "state": mark("state"),
    "stopped": mark("stopped"),
    "text_connection": mark("connection for texts"),
    "text_in": mark("Text in"),
    "text_in_cached": mark("Text in, cached"),
    "text_model": mark("model for texts"),
    "text_out": mark("Text out"),
    "time_zone": mark("time zone"),
    "transferred_to": mark("transferred to"),
    "type": mark("role"),
    "unpriced": mark("models without a price"),
    "used": mark("used"),
    "uses": mark("uses"),
    "valid_from": mark("from"),
    "with_description": mark("with the description"),
    "with_password": mark("with a password"),
}
MONEY = "_micros"
# Whose values are words of ours.
WORDED = ("key_state", "kind", "reason", "registration", "slowed", "state", "type", "unpriced")


def changes(text: Reader, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Name by name, what was and what is, as HTML."""
    rows = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        was = f"<del>{escape(_value(text, name, old))}</del>" if name in before and old != new else ""
        now = f"<ins>{escape(_value(text, name, new))}</ins>" if name in after else ""
        arrow = " → " if was and now else ""
        rows.append(f"<dt>{escape(_field(text, name))}</dt><dd dir='auto'>{was}{arrow}{now}</dd>")
    return "".join(rows)


def _field(text: Reader, code: str) -> str:
    name = FIELDS.get(code) or (KINDS[code][1] if code in KINDS else "")
    return text(name) or code.replace("_", " ")


def _value(text: Reader, name: str, value: Any) -> str:
    match value:
        case None | "":
            return "–"
        case bool():
            return text("yes") if value else text("no")
        case int() if name.endswith(MONEY):
            return text.money(value)
        case int() | float():
            return text.number(value)
        case str() if name in WORDED or name in KINDS:
            return word(text, value)
        case list():
            return ", ".join(_value(text, name, item) for item in value)
        case Mapping():
            return ", ".join(f"{_field(text, key)}: {_value(text, key, item)}" for key, item in value.items())
    return str(value)
