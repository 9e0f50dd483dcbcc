"""Pictures to start from, as people upload them: what no provider could use is refused before it is stored.

Of an animated WebP or PNG the first frame counts. What stands behind the picture in the same file stays: the
bytes go on as they came, under the media type that was found in them and under no other.
"""

import hashlib
import math
import re
import unicodedata
from dataclasses import dataclass

from core.errors import Problem
from core.storage.formats import TooManyPixelsError, has_alpha, media_type_of, open_image

# What the Images API takes.
MOST_REFERENCES = 16
MOST_MEGABYTES = 50
MOST_MASK_MEGABYTES = 4
_MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")

_LONGEST_NAME = 80
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class CheckedImage:
    """A picture that is whole. `name` is fit to be shown; `width` and `height` are the stored pixels."""

    name: str
    media_type: str
    width: int
    height: int
    sha256: str


def check_reference(name: str, data: bytes) -> CheckedImage:
    """Decode the picture to its end.

    Raises Problem: file_too_large (its `size` and `most` are megabytes), not_an_image, image_too_many_pixels
    (from the header alone) or image_broken.
    """
    name = shown_name(name)
    if len(data) > MOST_MEGABYTES * _MEGABYTE:
        # Rounded up, so that a file a little too large does not read as 50 of 50.
        size = math.ceil(len(data) * 10 / _MEGABYTE) / 10
        raise Problem("file_too_large", name=name, size=size, most=MOST_MEGABYTES)
    media_type = media_type_of(data)
    if media_type not in _MEDIA_TYPES:
        raise Problem("not_an_image", name=name)
    try:
        image = open_image(data)
        image.load()
    except TooManyPixelsError as error:
        raise Problem("image_too_many_pixels", name=name, width=error.width, height=error.height) from None
    except Exception as error:  # Pillow raises nearly anything on damaged data
        raise Problem("image_broken", name=name) from error
    return CheckedImage(name, media_type, image.width, image.height, hashlib.sha256(data).hexdigest())


def check_mask(name: str, data: bytes) -> CheckedImage:
    """The same for a mask: a PNG with transparency.

    Raises also Problem: mask_not_png, mask_too_large or mask_without_alpha.
    """
    name = shown_name(name)
    if len(data) >= MOST_MASK_MEGABYTES * _MEGABYTE:
        size = math.ceil(len(data) * 10 / _MEGABYTE) / 10
        raise Problem("mask_too_large", name=name, size=size, most=MOST_MASK_MEGABYTES)
    if media_type_of(data) != "image/png":
        raise Problem("mask_not_png", name=name)
    found = check_reference(name, data)
    if not has_alpha(data):
        raise Problem("mask_without_alpha", name=name)
    return found


def shown_name(name: str) -> str:
    """A file's name as a person may see it: no folders, nothing invisible, not long; "…" if nothing is left.

    Characters that turn the direction of writing go, because they can hide the true ending; the joiners that
    emoji and some scripts need stay. A long name keeps its beginning and its end.
    """
    name = re.split(r"[/\\]", name)[-1]
    kept = "".join(character if _is_visible(character) else " " for character in name)
    kept = " ".join(unicodedata.normalize("NFC", kept).split())
    if len(kept) > _LONGEST_NAME:
        kept = f"{kept[: _LONGEST_NAME - 21]}…{kept[-20:]}"
    return kept or "…"


def _is_visible(character: str) -> bool:
    """Not a control, format, private, unassigned or half character (Unicode's general categories C…)."""
    return character in "\u200c\u200d" or not unicodedata.category(character).startswith("C")
