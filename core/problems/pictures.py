"""Problems of pictures that exist, or do not; and of the machine below them."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "no_such_picture": Text(
        mark("There is no such picture here, or it is not yours."), mark("Look in your gallery."), 404
    ),
    "not_cancellable": Text(
        mark("This picture is no longer waiting, so it cannot be cancelled."), mark("Let it finish."), 409
    ),
    "not_retryable": Text(
        mark("This picture cannot be tried again."), mark("Make a new one from the same description."), 409
    ),
    "already_final": Text(
        mark("This picture already has the quality of a final one."),
        mark("Make a variation of it, or order it anew at another quality."),
        409,
    ),
    "template_incomplete": Text(
        mark("A template needs a title of up to {longest} characters and a text of up to {most}."),
        mark("Put what changes in braces, such as “a {{subject}} at dawn”."),
    ),
    "no_such_template": Text(
        mark("There is no such template here, or it is not yours to change."), mark("Choose another one."), 404
    ),
    "no_such_collection": Text(
        mark("There is no such collection here, or it is not yours."), mark("Choose another one."), 404
    ),
    "collection_needs_name": Text(
        mark("A collection needs a name of up to {most} characters."), mark("Give it a short name.")
    ),
    "collection_exists": Text(
        mark("You already have a collection with the name {name}."), mark("Choose another name."), 409
    ),
    "too_many_collections": Text(
        mark("There is room for {most} collections, and you have as many."), mark("Delete one that you do not need.")
    ),
    "note_too_long": Text(mark("A note may have up to {most} characters; this one has {length}."), mark("Shorten it.")),
    "nothing_to_undo": Text(
        mark("There is nothing left to undo here: it was undone already, or it is too long ago."),
        mark("Look in the bin for what was deleted."),
        409,
    ),
    "confirm_retry": Text(
        mark("This picture may already have been billed."), mark("Confirm that it may be billed again."), 409
    ),
    "internal": Text(
        mark("Something went wrong on our side."),
        mark("Try again. If it happens again, tell the administrator."),
        500,
    ),
}
