"""Acts of the record in the reader's words."""

from core.i18n import Reader, mark

ACTS = {
    "session.began": mark("Signed in"),
    "session.refused": mark("Failed to sign in"),
    "session.slowed": mark("Was slowed down"),
    "session.ended": mark("Signed out"),
    "sessions.ended": mark("Signed somebody out everywhere"),
    "password.changed": mark("Changed their password"),
    "password.reset": mark("Set somebody’s password"),
    "password.refused": mark("Typed a wrong password until now"),
    "setup.done": mark("Set Imagier up"),
    "setup.refused": mark("Typed a wrong set-up code"),
    "person.created": mark("Made an account"),
    "person.signed_up": mark("Signed up"),
    "person.disabled": mark("Disabled an account"),
    "person.enabled": mark("Enabled an account"),
    "person.left": mark("Let somebody leave"),
    "person.renamed": mark("Renamed somebody"),
    "person.role_changed": mark("Changed somebody’s role"),
    "password.link_made": mark("Made a link for a new password"),
    "password.chosen_by_link": mark("Chose a password by a link"),
    "invitation.created": mark("Made an invitation"),
    "invitation.revoked": mark("Revoked an invitation"),
    "invitation.used": mark("Came in by an invitation"),
    "token.made": mark("Made a token"),
    "token.revoked": mark("Revoked a token"),
    "token.refused": mark("Used a token that no longer counts"),
    "share.made": mark("Made a link to a picture"),
    "share.revoked": mark("Revoked a link to a picture"),
    "share.refused": mark("Typed a wrong password for a link"),
    "connection.added": mark("Added a connection"),
    "connection.changed": mark("Changed a connection"),
    "connection.moved": mark("Moved a connection in the order"),
    "connection.opened": mark("Opened a connection again"),
    "connection.paused": mark("Paused a connection"),
    "connection.tested": mark("Tested a connection"),
    "connection.removed": mark("Removed a connection"),
    "pictures.exported": mark("Exported somebody’s pictures"),
    "backup.made": mark("Made a backup"),
    "backup.restored": mark("Restored a backup"),
    "demo.filled": mark("Filled in sample data"),
    "line.opened": mark("Opened a line again"),
    "settings.changed": mark("Changed the settings of the site"),
    "picture.cancelled": mark("Cancelled somebody’s picture"),
    "picture.retried": mark("Tried somebody’s picture again"),
    "picture.deleted": mark("Deleted somebody’s picture"),
    "picture.hidden": mark("Hid a picture from its owner’s links"),
    "picture.unhidden": mark("Let links show a picture again"),
    "picture.restored": mark("Gave somebody’s picture back"),
    "pictures.deleted": mark("Deleted pictures of their own"),
    "pictures.restored": mark("Brought deleted pictures back"),
    "pictures.purged": mark("Deleted pictures for good"),
    "pictures.expired": mark("Deleted pictures that had been kept long enough"),
    "picture.settled": mark("Settled a picture"),
    "text.settled": mark("Settled a suggestion"),
    "limit.changed": mark("Changed limits"),
    "price.added": mark("Added a price"),
    "ledger.exported": mark("Exported the ledger"),
    "bill.compared": mark("Compared the ledger with the bill"),
    "usage.exported": mark("Exported a table of usage"),
    "requests.exported": mark("Exported requests"),
    "audit.exported": mark("Exported the record of acts"),
}
DOORS = {
    "pages": mark("Pages"),
    "api": mark("API"),
    "terminal": mark("Command line"),
    "worker": mark("The program itself"),
}
VALUES = {
    "no_such_account": mark("no such account"),
    "disabled_account": mark("disabled account"),
    "wrong_password": mark("wrong password"),
    "wrong_setup_code": mark("wrong set-up code"),
    "revoked_token": mark("revoked token"),
    "ended_token": mark("ended token"),
    "account": mark("account"),
    "address": mark("address"),
    "none": mark("none"),
    "accepted": mark("accepted"),
    "refused": mark("refused"),
    "untold": mark("not told"),
    "user": mark("user"),
    "admin": mark("administrator"),
    "allow": mark("allowed"),
    "refuse": mark("refused"),
    "open": mark("open"),
    "closed": mark("closed"),
    "openai": mark("OpenAI"),
    "compatible": mark("compatible with OpenAI"),
    "painter": mark("built-in painter"),
    "done": mark("done"),
    "failed": mark("failed"),
    "blocked": mark("blocked"),
    "unknown": mark("unknown"),
}


def act_name(text: Reader, act: str) -> str:
    """An act of a newer program keeps its code."""
    name = ACTS.get(act, "")
    return text(name) or act


def door_name(text: Reader, door: str) -> str:
    name = DOORS.get(door, "")
    return text(name) or door


def word(text: Reader, value: str) -> str:
    """A value that is a word of ours."""
    name = VALUES.get(value, "")
    return text(name) or value
