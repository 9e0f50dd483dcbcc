"""Problems of painting: what a provider answers, or does not."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
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
}
