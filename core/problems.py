"""The words of every problem: what happened and why, what to do next, and what HTTP says of it."""

from dataclasses import dataclass

from core.i18n import mark


@dataclass(frozen=True, slots=True)
class Text:
    """`what` happened and why; `remedy`, what to do next; `status`, what HTTP says of it."""

    what: str
    remedy: str
    status: int = 400


CHOICES = (
    mark("size"),
    mark("quality"),
    mark("background"),
    mark("output format"),
    mark("compression"),
    mark("number of pictures"),
    mark("seed"),
)

PROBLEMS: dict[str, Text] = {
    # --- coming in
    "wrong_credentials": Text(
        mark("This name and this password do not belong together."),
        mark("Check both and try again. If you forgot the password, the administrator can set a new one."),
        401,
    ),
    "wrong_password": Text(
        mark("This is not your password until now."), mark("Check it and try again; nothing was changed."), 403
    ),
    "too_many_attempts": Text(
        mark("There were too many failed attempts."),
        mark("Wait {wait}, then try again."),
        429,
    ),
    "password_too_short": Text(
        mark("This password has {length} characters; it needs at least {least}."),
        mark("A sentence of a few words is easy to remember and hard to guess."),
    ),
    "password_too_long": Text(
        mark("This password is longer than 72 bytes, and what comes after them would not count."),
        mark("Choose a shorter one."),
    ),
    "password_too_common": Text(
        mark("This password is one of the first that an attacker tries."),
        mark("Choose one that is not on every list, such as a sentence of your own."),
    ),
    "password_unprintable": Text(
        mark("This password contains a character that cannot be typed again for sure."),
        mark("Use letters, digits, signs and spaces."),
    ),
    "login_taken": Text(mark("The name “{login}” is already taken."), mark("Choose another one.")),
    "login_malformed": Text(
        mark("“{login}” cannot be a sign-in name."),
        mark("Use 1 to 64 letters, digits, dots, hyphens, underscores or @, without spaces."),
    ),
    "name_missing": Text(mark("The name is empty."), mark("Type the name that the others will see.")),
    "name_too_long": Text(mark("The name has {length} characters; at most {most} are possible."), mark("Shorten it.")),
    "session_not_started": Text(
        mark("The browser could not be signed in."), mark("Allow cookies for this address and try again."), 401
    ),
    "no_such_user": Text(mark("There is no account “{login}”."), mark("Check how it is spelled."), 404),
    "last_administrator": Text(
        mark("“{login}” is the last administrator, and somebody must be one."),
        mark("Make somebody else an administrator first."),
        409,
    ),
    "already_set_up": Text(mark("Imagier is already set up: an administrator exists."), mark("Sign in instead."), 409),
    "wrong_setup_code": Text(
        mark("This is not the set-up code."),
        mark("It stands in the log of the server that was started last, in the line “set-up code”."),
        403,
    ),
    "session_ended": Text(mark("You have been signed out."), mark("Sign in again; what you typed is kept."), 401),
    # --- money
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
    # --- the bill
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
    # --- describing
    "description_missing": Text(
        mark("There is no description yet."), mark("Say in a few words what the picture shows.")
    ),
    "description_too_long": Text(
        mark("The description has {length} characters; at most {most} are possible."), mark("Shorten it.")
    ),
    "model_not_offered": Text(mark("The model “{model}” is not offered."), mark("Choose another model.")),
    "model_shut_down": Text(mark("The model “{model}” was shut down on {date}."), mark("Choose another model.")),
    "choice_not_offered": Text(mark("{model} cannot do “{value}” for {choice}."), mark("Choose one of: {allowed}.")),
    "number_out_of_range": Text(
        mark("{choice} is {value}; it must be from {least} to {most}."), mark("Choose a number in between.")
    ),
    "transparent_needs_format": Text(
        mark("A transparent background needs a format that can hold it, and {value} cannot."),
        mark("Choose PNG or WebP."),
    ),
    "references_not_offered": Text(
        mark("{model} cannot start from a picture."), mark("Choose another model, or take the pictures away.")
    ),
    "too_many_references": Text(
        mark("These are {count} pictures to start from; at most {most} are possible."),
        mark("Take some away."),
    ),
    "not_an_image": Text(
        mark("“{name}” is not a picture that can be used: PNG, JPEG and WebP can."),
        mark("Save it in one of these formats and try again."),
        415,
    ),
    "image_broken": Text(
        mark("“{name}” cannot be read to its end: the file is damaged."),
        mark("Save it again and try once more."),
    ),
    "file_too_large": Text(
        mark("“{name}” has {size} MB; at most {most} MB are possible."), mark("Make it smaller and try again."), 413
    ),
    "image_too_many_pixels": Text(
        mark("“{name}” measures {width} × {height} pixels, which is too large."),
        mark("Scale it down and try again."),
        413,
    ),
    # --- painting
    "wrong_key": Text(
        mark("The provider does not accept the key."),
        mark("An administrator has to enter a valid key; the picture waits until then."),
        502,
    ),
    "quota_exhausted": Text(
        mark("The provider's credit is used up."),
        mark("An administrator has to add credit or raise the limit there; the picture waits until then."),
        502,
    ),
    "organisation_unverified": Text(
        mark("The provider wants the organisation to be verified before it paints with this model."),
        mark(
            "An administrator can verify it in the provider's organisation settings, which takes up to 30 minutes;"
            " the picture waits until then."
        ),
        502,
    ),
    "region_refused": Text(
        mark("The provider does not serve this country or region."),
        mark("An administrator has to use another connection; the picture waits until then."),
        502,
    ),
    "rate_limited": Text(
        mark("The provider takes no more pictures at the moment."), mark("It is tried again by itself."), 429
    ),
    "provider_unreachable": Text(mark("The provider could not be reached."), mark("It is tried again by itself."), 502),
    "provider_unreachable_for_long": Text(
        mark("The provider could not be reached, {attempts} times in a row."),
        mark("Nothing was billed. Try again later, or ask the administrator to check the connection."),
        502,
    ),
    "model_unknown_to_provider": Text(
        mark("The provider does not know the model “{model}”, or no longer."),
        mark("Choose another model."),
        502,
    ),
    "request_refused": Text(
        mark("The provider refused the order: {detail}"),
        mark("Change the description or the choices and try again."),
    ),
    "too_large_for_provider": Text(
        mark("The provider finds the order too large."),
        mark("Use fewer or smaller pictures to start from."),
        413,
    ),
    "edits_not_offered": Text(
        mark("This server cannot start from a picture."),
        mark("Take the pictures away, or choose another model."),
        502,
    ),
    "blocked": Text(
        mark("The provider's moderation refused this."),
        mark("Say it in another way. Trying the same again will be refused again."),
    ),
    "provider_failed": Text(
        mark("The provider failed: {detail}"),
        mark("Try again; if it happens again, choose another model."),
        502,
    ),
    "answer_not_a_picture": Text(
        mark("The provider answered, but not with a picture."),
        mark("Try again; if it happens again, the administrator should check the connection."),
        502,
    ),
    "answer_empty": Text(
        mark("The provider answered without a picture."),
        mark("Try again; if it happens again, choose another model."),
        502,
    ),
    "download_refused": Text(
        mark("The picture lies at an address that is not safe to fetch."),
        mark("The administrator should check the connection."),
        502,
    ),
    "download_failed": Text(
        mark("The picture was made, but could not be fetched from where the provider put it."),
        mark("It has probably been billed. The administrator can find it there by the request id."),
        502,
    ),
    "deadline_passed": Text(
        mark("No answer came within {limit}."),
        mark("It may have been billed. Trying again may be billed a second time."),
        504,
    ),
    "connection_lost": Text(
        mark("The connection broke before the picture was there."),
        mark("It may have been billed. Trying again may be billed a second time."),
        502,
    ),
    "server_stopped": Text(
        mark("Imagier was stopped while the picture was being drawn."),
        mark("It may have been billed. Trying again may be billed a second time."),
        503,
    ),
    "not_stored": Text(
        mark("The picture was made, but could not be stored."),
        mark("The administrator should check the space and the rights of the picture store."),
        500,
    ),
    "reference_gone": Text(
        mark("The picture to start from is no longer there."),
        mark("Nothing was sent or billed. Upload it again and make a new order."),
        410,
    ),
    "painter_failed": Text(mark("The painter could not finish."), mark("Try again."), 500),
    # --- pictures
    "no_such_picture": Text(
        mark("There is no such picture here, or it is not yours."), mark("Look in your gallery."), 404
    ),
    "not_cancellable": Text(
        mark("This picture is no longer waiting, so it cannot be cancelled."), mark("Let it finish."), 409
    ),
    "not_retryable": Text(
        mark("This picture cannot be tried again."), mark("Make a new one from the same description."), 409
    ),
    "confirm_retry": Text(
        mark("This picture may already have been billed."), mark("Confirm that it may be billed again."), 409
    ),
    # --- the machine
    "internal": Text(
        mark("Something went wrong on our side."),
        mark("Try again. If it happens again, tell the administrator."),
        500,
    ),
}
