"""Problems of improving a description by a text model."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "improving_not_offered": Text(
        mark("Descriptions are not improved here at the moment."),
        mark("An administrator gives a text model in the settings."),
        409,
    ),
    "improving_already": Text(
        mark("A suggestion is being written already."), mark("It appears beside the description in a moment."), 409
    ),
    "no_such_suggestion": Text(mark("This suggestion is not there any more."), mark("Ask for another one."), 404),
    "improving_wrong_key": Text(
        mark("The provider does not let this key use the text model."),
        mark("Nothing was billed. An administrator has to check the connection."),
        502,
    ),
    "improving_no_credit": Text(
        mark("The provider's credit is used up."),
        mark("Nothing was billed. An administrator has to add credit or raise the limit there."),
        502,
    ),
    "improving_too_fast": Text(
        mark("The provider takes no more orders at the moment."),
        mark("Nothing was billed. Try again a little later."),
        429,
    ),
    "improving_unreachable": Text(
        mark("The text model could not be reached."),
        mark("Nothing was billed. Try again later; if it happens again, an administrator should check the connection."),
        502,
    ),
    "improving_model_unknown": Text(
        mark("The provider does not know the text model “{model}”, or no longer."),
        mark("Nothing was billed. An administrator has to choose another one in the settings."),
        502,
    ),
    "improving_refused": Text(
        mark("The text model refused the order: {detail}"),
        mark("Nothing was billed. Change the description, or ask an administrator to check the settings."),
    ),
    "improving_blocked": Text(
        mark("The provider's moderation refused this description."), mark("Say it in another way.")
    ),
    "improving_failed": Text(
        mark("The text model failed: {detail}"), mark("Your description is as it was. Try again."), 502
    ),
    "improving_no_text": Text(
        mark("The text model answered without a suggestion."),
        mark(
            "Your description is as it was. Try again; if it happens again, an administrator should choose another one."
        ),
        502,
    ),
    "improving_too_long": Text(
        mark("The suggestion has {length} characters, and a description at most {most}."),
        mark("Your description is as it was. Shorten it, or try again."),
        502,
    ),
    "improving_lost": Text(
        mark("No whole answer of the text model came."),
        mark("It may have been billed. Your description is as it was; another try may be billed a second time."),
        502,
    ),
}
