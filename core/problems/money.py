"""Problems of money: prices, limits, the provider's bill."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "picture_limit": Text(
        mark("{rule}: {used} of {most} used, {reserved} under way, {left} left, and this order has {needed}."),
        mark("It starts anew on {resets}. Order fewer, or ask an administrator for more."),
        429,
    ),
    "money_limit": Text(
        mark(
            "{rule}: {used_micros} of {most_micros} spent and {reserved_micros} reserved, {left_micros} left, and this"
            " order may cost {needed_micros}."
        ),
        mark("It starts anew on {resets}. Choose a cheaper quality or size, or ask an administrator for more."),
        429,
    ),
    "at_once_limit": Text(
        mark("{rule}: {used} of {most} are under way, {left} more are possible, and this order has {needed}."),
        mark("Wait until some are done, or order fewer."),
        429,
    ),
    "token_limit": Text(
        mark(
            "Token “{token}”: {used_micros} of {most_micros} spent and {reserved_micros} reserved, {left_micros} left,"
            " and this order may cost {needed_micros}."
        ),
        mark("Make a new token on the account page, or choose a cheaper quality or size."),
        429,
    ),
    "choice_limit": Text(
        mark("{rule}: at most {most}, and this order has {value}."),
        mark("Choose a smaller one, or ask an administrator."),
        403,
    ),
    "model_limit": Text(
        mark("The model “{model}” is not among those that you may use: {allowed}."),
        mark("Choose one of them, or ask an administrator."),
        403,
    ),
    "unpriced_refused": Text(
        mark("The model “{model}” has no price, and models without one are not allowed here."),
        mark("Choose another model, or ask an administrator to enter its price."),
        403,
    ),
    "price_incomplete": Text(
        mark("A price needs a model and either prices of tokens or one price for each picture."),
        mark("Fill in one of the two."),
    ),
    "price_impossible": Text(
        mark("“{value}” cannot be a price."), mark("Type dollars, such as 5 or 0.04; 0 means free.")
    ),
    "limit_unknown": Text(mark("“{kind}” is not a limit."), mark("Choose one of: {allowed}.")),
    "limit_impossible": Text(
        mark("“{value}” cannot be the limit “{kind}”."), mark("It takes: {allowed}, or “none” for no limit.")
    ),
    "not_settleable": Text(
        mark("This picture is not of unknown outcome, so there is nothing to settle."), mark("Look at it again."), 409
    ),
    "costs_key_missing": Text(
        mark("There is no admin key, and without one the provider does not tell its costs."),
        mark("Set OPENAI_ADMIN_KEY to an admin key of the organisation; the key that draws pictures is not one."),
        409,
    ),
    "costs_key_refused": Text(
        mark("The provider does not tell its costs to this admin key: {detail}"),
        mark("Check OPENAI_ADMIN_KEY; an owner of the organisation can make a new one."),
        502,
    ),
    "costs_rate_limited": Text(
        mark("The provider answers no more questions about costs at the moment."), mark("Try again in {wait}."), 429
    ),
    "costs_unavailable": Text(
        mark("The provider's costs could not be read: {detail}"),
        mark("Try again later; if it happens again, check OPENAI_BASE_URL and the connection."),
        502,
    ),
    "costs_not_understood": Text(
        mark("The provider's answer about its costs could not be understood, so nothing was compared."),
        mark("Check OPENAI_BASE_URL; if it is right, look for a newer version of Imagier."),
        502,
    ),
    "costs_incomplete": Text(
        mark("The provider's list of costs has no end, so nothing was compared."),
        mark("Try again later, or with fewer days."),
        502,
    ),
    "costs_currency": Text(
        mark("The provider bills in “{currency}”, and the ledger counts in US dollars."),
        mark("The two cannot be compared here; compare them by hand."),
        502,
    ),
    "not_written": Text(
        mark("The file {path} could not be written: {reason}."),
        mark("Check the folder, the rights and the space, or name another file."),
        500,
    ),
}
