"""The painter: the built-in engine without AI, so that everything can be tried without a key and at no cost.

It paints the scenery of the description and sets the words in it. The same job gives the same bytes. Pillow is loaded
with the first picture, because a cold start counts.
"""

import asyncio
import io
import re
import textwrap
import unicodedata
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.engines.base import EngineFailure, Failed, Job, Painting, Preview, Refused

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFont import FreeTypeFont, ImageFont

LEAST, MOST = 64, 4096  # pixels a side
DRAFT = 384  # pixels: the longest side of a preview
FORMATS = ("png", "jpeg", "webp")


def _set_caption(picture: "Picture", description: str, dark: tuple[int, ...], veil: int) -> None:
    """Set the words that the typeface can draw; with none of them, there is no caption."""
    from PIL import Image, ImageDraw

    width, height = picture.size
    unit = min((width * height) ** 0.5, 2 * height)
    text, probe = unicodedata.normalize("NFC", " ".join(description[:600].split())), _typeface(100)
    blank = bytes(probe.getmask("\uffff"))
    known = {c for c in {*text} if c.isprintable() and not unicodedata.combining(c)}
    known = {c for c in known if c == " " or bytes(probe.getmask(c)) != blank}
    text = " ".join("".join(c for c in text if c in known).split())
    if not any(c.isalnum() for c in text):
        return
    letter = probe.getlength(text) / len(text)
    for size, most in ((0.07, 1), (0.056, 2), (0.046, 3), (0.038, 3)):
        fit = max(4, int(78 * width / (size * unit * letter)))
        if len(lines := textwrap.wrap(text, fit)) <= most:
            break
    lines = textwrap.wrap(text, min(fit, len(text) // len(lines) + 7), max_lines=3, placeholder="…")
    size = min(size * unit, 88 * width / max(map(probe.getlength, lines)))
    top = 0.945 * height - 1.25 * size * len(lines)
    start = max(0, int(top - 3 * size))
    shade = Image.linear_gradient("L").resize((width, height - start)).point(lambda v: min(veil, v * 1.35))
    picture.paste(dark, (0, start), shade)
    for i, line in enumerate(lines):
        spot = (width / 2, top + 1.25 * size * i)
        ImageDraw.Draw(picture).text(spot, line, (250, 245, 232), _typeface(size), "ma")


def _typeface(size: float) -> "FreeTypeFont | ImageFont":
    """Streamlit brings Source Serif for its pages; without it, Pillow's own typeface."""
    from PIL import ImageFont

    streamlit = find_spec("streamlit")
    folder = Path(streamlit.origin if streamlit and streamlit.origin else "").parent
    for path in sorted(folder.glob("static/static/media/SourceSerifVariable-Roman*")):
        face = ImageFont.truetype(path, size)
        face.set_variation_by_axes([560, 40])
        return face
    return ImageFont.load_default(size)


def _measured(job: Job) -> tuple[int, int]:
    size = "1024x1024" if job.size in (None, "auto") else job.size or ""
    sides = [int(side) for side in size.split("x")] if re.fullmatch("[0-9]{1,5}x[0-9]{1,5}", size) else [0, 0]
    if min(sides) < LEAST or max(sides) > MOST:
        raise Refused("request_refused", {"detail": f"{size}: {LEAST} to {MOST} pixels a side"})
    return sides[0], sides[1]


def _encoded(picture: "Picture", job: Job) -> bytes:
    form, buffer = job.output_format or "png", io.BytesIO()
    if form not in FORMATS:
        raise Refused("request_refused", {"detail": f"{form}: {', '.join(FORMATS)}"})
    quality = 90 if job.output_compression is None else max(0, min(100, job.output_compression))
    (picture.convert("RGB") if form == "jpeg" else picture).save(buffer, form, quality=quality)
    return buffer.getvalue()


def _painted(job: Job, coarse: int = 0) -> bytes:
    """The picture; or its preview, small, without words and `coarse` times coarser."""
    from core.engines.scenery import Scene

    size = _measured(job)
    if coarse:
        scale = min(1, DRAFT / max(size))
        size = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    scene = Scene(job, size)
    picture = scene.paint()
    if coarse:
        picture = picture.reduce(coarse).resize(size)
    else:
        veil = 252 if job.references else 190  # what the person's picture says there must not shine through
        _set_caption(picture, job.description, tuple(part // 2 for part in scene.near), veil)
        picture = scene.grained(picture)
    if job.background == "transparent":
        picture.putalpha(scene.land)
    return _encoded(picture, job)


class Painter:
    """The engine; `pace` is the time in seconds that each preview stays, so that a person sees it come."""

    def __init__(self, pace: float = 0.4) -> None:
        self.pace = pace

    async def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        try:
            for index, coarse in enumerate((24, 10, 4)[: max(0, job.previews)]):
                yield Preview(index, await asyncio.to_thread(_painted, job, coarse))
                await asyncio.sleep(self.pace)
            data = await asyncio.to_thread(_painted, job)
        except EngineFailure:
            raise
        except Exception as error:
            raise Failed("painter_failed") from error
        yield Painting(data, {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0})

    async def close(self) -> None:
        """There is nothing to release."""
