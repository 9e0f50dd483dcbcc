"""The picture that a messenger shows of a link: a JPEG, because all of them know it, and small enough for all."""

import io

from core.storage.formats import open_image
from core.storage.thumbnails import upright

EDGE = 1200  # pixels of the longer side
MOST_BYTES = 600_000
QUALITIES = (85, 75, 60, 40)
PAPER = "#fbfaf7"  # below what is transparent


def card_size(width: int, height: int) -> tuple[int, int]:
    """What becomes of a picture of this size."""
    scale = min(1.0, EDGE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def make_card(data: bytes) -> bytes | None:
    """None if the picture cannot be decoded. Never raises, whatever `data` is."""
    from PIL import Image

    try:
        image = upright(open_image(data), (EDGE, EDGE))
        sheet = Image.new("RGB", image.size, PAPER)  # a new one has nothing written in it
        sheet.paste(image, mask=image if image.mode == "RGBA" else None)
    except Exception:  # Pillow raises nearly anything on damaged data
        return None
    for quality in QUALITIES:
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            break
    return file.getvalue()
