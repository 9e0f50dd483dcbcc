"""Problems of programs that come in: tokens, and how a call is written."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "token_refused": Text(
        mark("There is no such token, or it has ended."),
        mark("Send the header Authorization with Bearer and a token of the account page that has not been revoked."),
        401,
    ),
    "token_scope": Text(
        mark("This token may not do this; it lacks “{scope}”."),
        mark("Make a token on the account page that may."),
        403,
    ),
    "token_name_missing": Text(mark("The token has no name."), mark("Say what it is for, such as “laptop”.")),
    "token_dollars": Text(
        mark("“{value}” is no sum of dollars."), mark("Write it like 5 or 1.50, or leave it out for no limit.")
    ),
    "token_end_past": Text(mark("The end of the token has already passed."), mark("Choose a later day.")),
    "no_such_token": Text(
        mark("There is no such token, or it has been revoked already."), mark("Look at the list again."), 404
    ),
    "too_many_calls": Text(
        mark("These are more than {limit_per_minute} calls in a minute with this token."),
        mark("Go on in {wait}."),
        429,
    ),
    "parameter_unknown": Text(
        mark("Unknown parameter: “{param}”."), mark("Take it away, or see /api/docs for what there is.")
    ),
    "parameter_missing": Text(mark("Missing required parameter: “{param}”."), mark("Send it with the call.")),
    "parameter_type": Text(
        mark("“{param}” is of the wrong type: {expected} is expected, and this is {found}."),
        mark("Send it as {expected}."),
    ),
    "parameter_value": Text(mark("“{param}” cannot be “{value}”."), mark("It takes: {allowed}.")),
    "parameter_impossible": Text(mark("No model here can do what “{param}” asks for."), mark("Leave it out.")),
    "parameter_twice": Text(mark("“{param}” stands there twice."), mark("Send it once.")),
    "parameter_below": Text(mark("“{param}” is {value}; the least is {least}."), mark("Send a larger number.")),
    "parameter_above": Text(mark("“{param}” is {value}; the most is {most}."), mark("Send a smaller number.")),
    "parameter_too_long": Text(
        mark("“{param}” has {length} characters; at most {most} are possible."), mark("Shorten it.")
    ),
    "body_not_json": Text(mark("The body is not JSON: {detail}."), mark("Send one JSON object in UTF-8.")),
    "body_not_object": Text(mark("The body is JSON, but not an object."), mark("Send one JSON object.")),
    "body_not_form": Text(
        mark("The body is not a whole form of the type multipart/form-data."),
        mark("Send the fields and files as a form with a boundary."),
    ),
    "body_too_large": Text(mark("The body is larger than {most} bytes."), mark("Send less, or in several calls."), 413),
    "content_encoding": Text(
        mark("The body is compressed ({coding}), and nothing here unpacks it."),
        mark("Send it as it is, without the header Content-Encoding."),
        415,
    ),
    "media_type": Text(
        mark("The body has the wrong type; {expected} is expected."), mark("Set the header Content-Type to it."), 415
    ),
    "mask_without_alpha": Text(
        mark("“{name}” has no transparent part, so it says nothing about where to paint."),
        mark("Send a PNG whose transparent pixels are to be painted anew."),
    ),
    "mask_not_png": Text(mark("“{name}” is not a PNG, as a mask must be."), mark("Save it as PNG."), 415),
    "mask_too_large": Text(
        mark("“{name}” has {size} MB; a mask may have less than {most} MB."), mark("Make it smaller."), 413
    ),
    "mask_of_other_size": Text(
        mark("The mask measures {width} × {height} pixels, and the first picture {image_width} × {image_height}."),
        mark("Send a mask of the same size."),
    ),
    "mask_not_offered": Text(mark("{model} cannot use a mask."), mark("Choose another model, or take the mask away.")),
    "idempotency_key": Text(
        mark("The Idempotency-Key must have 1 to {most} printable ASCII characters."), mark("Use a random one.")
    ),
    "idempotency_mismatch": Text(
        mark("This Idempotency-Key was already used with other content."),
        mark("Use a new key for a new call; repeat a call exactly as it was."),
        409,
    ),
    "no_such_request": Text(
        mark("There is no such request here, or it is not yours."), mark("Look in the list of requests."), 404
    ),
    "no_such_route": Text(mark("There is nothing at {method} {path}."), mark("See /api/docs for what there is."), 404),
    "method_not_allowed": Text(mark("{path} does not take {method}."), mark("It takes: {allowed}."), 405),
    "address_ended": Text(
        mark("This address is not valid, or no longer: it ends after an hour."),
        mark("Ask for a new one, or read /api/v1/pictures/ID/content with a token."),
        403,
    ),
    "picture_deleted": Text(mark("The picture was made and has been deleted since."), mark("Order a new one."), 404),
    "line_stopped": Text(
        mark("The provider cannot be used at the moment; the order was taken out of the line, and nothing was billed."),
        mark("An administrator has to put the connection right. Try again later."),
        503,
    ),
    "picture_cancelled": Text(
        mark("The picture was taken out of the line before it was drawn."), mark("Order it anew if it is wanted."), 409
    ),
}
