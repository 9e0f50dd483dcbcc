"""Problems of an order: what is asked for, and what to start from."""

from core.i18n import mark
from core.problems.words import Text

PROBLEMS: dict[str, Text] = {
    "description_missing": Text(
        mark("There is no description yet."), mark("Say in a few words what the picture shows.")
    ),
    "description_too_long": Text(
        mark("The description has {length} characters; at most {most} are possible."), mark("Shorten it.")
    ),
    "too_many_lines": Text(
        mark("These are {count} descriptions; at most {most} can be ordered together."),
        mark("Order the others afterwards."),
    ),
    "line_impossible": Text(mark("Line {line}: {fault}"), mark("Nothing was ordered.")),
    "no_such_batch": Text(mark("These pictures are not ordered together any more."), mark("Load the page again."), 404),
    "model_not_offered": Text(mark("The model “{model}” is not offered."), mark("Choose another model.")),
    "model_shut_down": Text(mark("The model “{model}” was shut down on {date}."), mark("Choose another model.")),
    "choice_not_there": Text(
        mark("{model} leaves no choice of {choice}."), mark("Leave it out, or take another model.")
    ),
    "choice_not_offered": Text(mark("{model} cannot do “{value}” for {choice}."), mark("Choose one of: {allowed}.")),
    "size_not_offered": Text(
        mark("{model} cannot do the size “{value}”."),
        mark(
            "Choose one of {allowed}; or sides that are multiples of {step} up to {longest}, the longer at most three"
            " times the shorter, with {fewest} to {most} pixels."
        ),
    ),
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
}
