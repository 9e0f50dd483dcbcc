"""What people call models, sizes, qualities and backgrounds."""

from core.catalog.catalog import Model, dimensions, shape_of
from core.i18n import Reader


def model_name(text: Reader, model: Model) -> str:
    strengths = {
        "fast": text("fast"),
        "detail": text("detailed"),
        "earlier": text("earlier generation"),
        "no_ai": text("no AI"),
    }
    strength = strengths.get(model.strength)
    return f"{title(text, model)} · {strength}" if strength else title(text, model)


def title(text: Reader, model: Model) -> str:
    """What the model is called; ours is a word, the others are names."""
    return text("Painter") if model.strength == "no_ai" else model.title


def size_name(text: Reader, size: str | None) -> str:
    """A shape and its measures; "auto" and None leave it to the provider."""
    measures = dimensions(size or "")
    if measures is None:
        return text("Automatic")
    width, height = measures
    return f"{shape_name(text, size)} · {width} × {height}"


def shape_name(text: Reader, size: str | None) -> str:
    return name_of_shape(text, shape(size))


def name_of_shape(text: Reader, shape: str) -> str:
    """The name of one of SHAPES."""
    names = {
        "square": text("Square"),
        "landscape": text("Landscape"),
        "portrait": text("Portrait"),
        "wide": text("Wide"),
        "tall": text("Tall"),
    }
    return names.get(shape, text("Automatic"))


def shape(size: str | None) -> str:
    """ "square", "landscape", "portrait", "wide", "tall", or "" for what the provider decides."""
    return shape_of(*(dimensions(size or "") or (0, 0)))


def quality_name(text: Reader, quality: str) -> str:
    names = {
        "low": text("Low"),
        "medium": text("Medium"),
        "high": text("High"),
        "xhigh": text("Very high"),
        "max": text("Highest"),
    }
    return names.get(quality, quality)


def background_name(text: Reader, background: str) -> str:
    names = {
        "auto": text("Automatic"),
        "opaque": text("Opaque"),
        "transparent": text("Transparent"),
    }
    return names.get(background, background)


def hour_name(text: Reader, weekday: int, hour: int) -> str:
    """An hour of the week; 0 is Monday."""
    return text("{day}, {first} to {last} h", day=text.weekday(weekday), first=hour, last=hour + 1)
