"""Problems of sharing by link."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "sharing_off": Text(
        mark("Sharing by link is turned off on this site."), mark("Ask an administrator to turn it on."), 403
    ),
    "picture_hidden": Text(
        mark("An administrator has hidden this picture, so no link shows it."), mark("Ask them why."), 403
    ),
    "share_tells_description": Text(
        mark("What is written inside a picture of this kind cannot be taken out, and it may be the description."),
        mark("Share it together with its description."),
    ),
    "share_end_past": Text(mark("This link would have ended already."), mark("Choose an end that is still to come.")),
    "too_many_shares": Text(
        mark("This picture has {most} links that work, and more are not possible."), mark("Revoke one first."), 409
    ),
    "no_such_share": Text(
        mark("There is no such link, or it has been revoked already."), mark("Look at the list again."), 404
    ),
    "wrong_share_password": Text(mark("This is not the password."), mark("Ask whoever sent you the link."), 403),
}
