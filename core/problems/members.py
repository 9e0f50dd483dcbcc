"""Problems of links, of lists of people, and of leaving."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "link_dead": Text(
        mark("This link does not work: it was used, has ended or was taken back."),
        mark("Ask the administrator for a new one."),
        410,
    ),
    "account_disabled": Text(
        mark("The account “{login}” is disabled."), mark("Enable it first; then make the link."), 409
    ),
    "invitation_impossible": Text(
        mark("An invitation cannot have {value} here."), mark("It takes a whole number from 1 to {most}.")
    ),
    "no_such_heir": Text(
        mark("“{login}” cannot take over these pictures."), mark("Choose somebody else whose account is open."), 409
    ),
    "role_unknown": Text(mark("“{value}” is no role."), mark("Write “user” or “admin”.")),
    "line_twice": Text(
        mark("“{login}” stands in line {line} already."), mark("Take one of the two lines out, or change its name.")
    ),
    "line_too_many": Text(
        mark("This line has {number} cells, and the first line names {most}."),
        mark("Put a text that holds the separator between quotation marks."),
    ),
    "line_quotes": Text(
        mark("A quotation mark is opened here and not closed, or something follows the closed one."),
        mark("Close it, or write it twice if it belongs to the text."),
    ),
    "list_empty": Text(mark("There is nobody in this list."), mark("Write a line for each person.")),
    "list_too_long": Text(mark("This list has more than {most} people."), mark("Split it into several.")),
}
