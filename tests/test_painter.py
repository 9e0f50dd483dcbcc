"""The painter through its port: what it yields, that it is the same every time, and that nothing breaks it."""

import asyncio
import io
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from core.engines.base import EngineFailure, Failed, Job, Painting, Preview, Reference, Refused
from core.engines.painter import Painter, _typeface
from core.engines.scenery import MEANINGS, PALETTES, Scene


def painted(description: str, **settings: Any) -> list[Preview | Painting]:
    job = Job("painter", description, **{"size": "256x256", **settings})

    async def collect() -> list[Preview | Painting]:
        return [event async for event in Painter(pace=0).paint(job)]

    return asyncio.run(collect())


def picture(description: str, **settings: Any) -> Image.Image:
    return Image.open(io.BytesIO(painted(description, **settings)[-1].data))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of the channels, from 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) / 3


def file_of(image: Image.Image, form: str = "PNG") -> bytes:
    image.save(buffer := io.BytesIO(), form)
    return buffer.getvalue()


def test_the_last_event_is_one_painting_that_costs_nothing() -> None:
    events = painted("a quiet lake")
    assert [type(event) for event in events] == [Painting]
    assert events[0] == Painting(events[0].data, {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0})


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_previews_come_in_order_and_get_closer_to_the_painting(count: int) -> None:
    events = painted("mountains at sunset", previews=count)
    assert [event.index for event in events if isinstance(event, Preview)] == list(range(count))
    images = [Image.open(io.BytesIO(event.data)).convert("RGB").resize((256, 256)) for event in events]
    distances = [difference(image, images[-1]) for image in images[:-1]]
    assert distances == sorted(distances, reverse=True)


@pytest.mark.parametrize(("form", "magic"), [("png", b"\x89PNG"), ("jpeg", b"\xff\xd8"), ("webp", b"RIFF")])
def test_size_and_format_are_as_asked_and_the_same_job_gives_the_same_bytes(form: str, magic: bytes) -> None:
    data, again = (painted("été", size="320x192", output_format=form, seed=4)[-1].data for _ in range(2))
    assert data.startswith(magic)
    assert data == again
    assert Image.open(io.BytesIO(data)).size == (320, 192)


@pytest.mark.parametrize("size", [None, "auto"])
def test_without_a_size_the_picture_is_a_square_of_1024(size: str | None) -> None:
    assert picture("hello", size=size).size == (1024, 1024)


def test_another_seed_gives_another_picture() -> None:
    assert difference(picture("hello", seed=1), picture("hello", seed=2)) > 5


def test_a_draft_shows_the_scene_of_the_painting() -> None:
    small, large = (Scene(Job("painter", "alpine lake", seed=3), (side, side)).paint() for side in (128, 512))
    assert difference(small, large.resize((128, 128))) < 8


@pytest.mark.parametrize("size", ["63x64", "64x4097", "0x0", "99999x64", "x", "", "64X64", "-64x64", "1e3x64", "٦٤x٦٤"])
def test_a_size_out_of_bounds_is_refused_before_any_work(size: str) -> None:
    with pytest.raises(Refused) as caught:
        painted("hello", size=size, previews=3)
    assert caught.value.code == "request_refused"


@pytest.mark.parametrize("size", ["64x64", "64x640", "640x64", "64x4096", "4096x64"])
def test_the_smallest_and_the_narrowest_sizes_work(size: str) -> None:
    events = painted("a rainy city in winter, mountains, sea, forest, desert at night", size=size, previews=3)
    assert len(events) == 4


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(Refused):
        painted("hello", output_format="svg")


def test_compression_is_quality_as_openai_means_it() -> None:
    sizes = [len(painted("a city", output_format="jpeg", output_compression=q)[-1].data) for q in (0, 50, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] / 4


@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_transparent_background_leaves_the_sky_out(form: str) -> None:
    alpha = picture("hills", background="transparent", output_format=form).getchannel("A")
    assert alpha.getpixel((128, 2)) == 0
    assert alpha.getpixel((128, 250)) == 255


def test_every_quality_paints_the_same_scene() -> None:
    medium = picture("snowy mountains by the sea", quality="medium")
    for quality in ("low", "high", "auto", None):
        assert difference(picture("snowy mountains by the sea", quality=quality), medium) < 25, quality


@pytest.mark.parametrize(
    ("english", "french", "facet"),
    [
        ("Forests at DAWN", "Forêts à l'aube", "time"),
        ("the setting sun", "soleil couchant", "time"),
        ("starry nights", "nuits étoilées", "time"),
        ("snowy hills", "collines enneigées", "green"),
        ("cities in autumn", "des villes en automne", "places"),
        ("stormy seas", "mers orageuses", "clouds"),
    ],
)
def test_accents_capitals_plurals_and_language_do_not_matter(english: str, french: str, facet: str) -> None:
    one, other = (Scene(Job("painter", text), (64, 64)) for text in (english, french))
    assert getattr(one, facet) == getattr(other, facet)


def test_times_of_the_day_differ_in_light() -> None:
    day, night = (ImageStat.Stat(picture(f"mountains, {word}").convert("L")).mean[0] for word in ("jour", "nuit"))
    assert day > night + 40


@pytest.mark.parametrize(("word", "channel"), [("red", 0), ("rouges", 0), ("vertes", 1), ("blue", 2), ("bleues", 2)])
def test_a_named_colour_weighs_the_palette(word: str, channel: int) -> None:
    plain, tinted = (ImageStat.Stat(picture(text).convert("RGB")).mean for text in ("day, hills", f"day, hills {word}"))
    assert tinted[channel] / sum(tinted) > plain[channel] / sum(plain)


def test_every_word_has_the_form_that_a_description_is_reduced_to() -> None:
    for facet, table in MEANINGS.items():
        for word, meaning in table.items():
            if facet == "time":
                assert Scene(Job("painter", word.upper()), (64, 64)).time == meaning
            assert word.isascii()
            assert word == word.lower()
    assert set(PALETTES) == set(MEANINGS["time"].values())


def captioned(description: str) -> bool:
    """Whether the caption's ink, which nothing else at the foot of a night has, is there."""
    foot = picture(description, size="512x512").convert("L").crop((0, 410, 512, 500))
    return foot.point(lambda value: 255 * (value > 215)).getbbox() is not None


@pytest.mark.parametrize("text", ["nuit, forêt", "ночь night forest", "night forest 😀", "night forest العربية"])
def test_the_words_are_set_in_the_picture(text: str) -> None:
    assert captioned(text)


def test_words_that_the_typeface_cannot_draw_leave_no_boxes() -> None:
    """The same scene is dark at its foot when nothing can be set."""
    plain = Scene(Job("painter", "漢字 😀 שלום مرحبا"), (256, 256))
    result = picture("漢字 😀 שלום مرحبا")
    assert difference(result, plain.grained(plain.paint())) == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "\x00\x1b[31m",
        "\u202eabc\u202c",
        "Z̷̢̛a̸̢l̵g̶o" * 50,
        "\ud800 broken",
        "W" * 600,
        "i " * 300,
        "👩‍👩‍👧",
        "-" * 80,
        "%s{0}",
    ],
)
def test_a_hostile_description_still_gives_a_picture(text: str) -> None:
    assert picture(text, previews=1).size == (256, 256)


def test_a_description_of_32000_characters_is_painted() -> None:
    assert picture("mystérieuse forêt enneigée " * 1200, previews=1).size == (256, 256)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK", "LA"])
def test_a_reference_of_any_mode_is_where_the_picture_starts(mode: str) -> None:
    halves = Image.new("RGB", (300, 200), "white")
    halves.paste("black", (150, 0, 300, 200))
    data = file_of(halves.convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    grey = picture("calm day", references=(Reference("halves", data, "image/png"),)).convert("L")
    left, right = (ImageStat.Stat(grey.crop((x, 100, x + 60, 160))).mean[0] for x in (10, 186))
    assert left > right + 30


@pytest.mark.parametrize("data", [b"", b"not a picture", file_of(Image.new("RGB", (90, 90), "red"))[:90]])
def test_a_reference_that_cannot_be_read_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        painted("hello", references=(Reference("cat.png", data, "image/png"),))
    assert (caught.value.code, caught.value.params) == ("image_broken", {"name": "cat.png"})


def test_a_crash_inside_is_a_failure_of_the_painter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scene, "sky", lambda scene: 1 / 0)
    with pytest.raises(Failed) as caught:
        painted("hello")
    assert caught.value.code == "painter_failed"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert isinstance(caught.value, EngineFailure)


def test_two_at_once_do_not_disturb_each_other_or_the_loop() -> None:
    job = Job("painter", "a city by the sea at night", size="256x256", previews=2)
    alone = painted(job.description, size=job.size, previews=2)

    async def collect(painter: Painter) -> list[Preview | Painting]:
        return [event async for event in painter.paint(job)]

    async def both() -> tuple[list[list[Preview | Painting]], int]:
        painter, beats = Painter(pace=0), 0
        tasks = asyncio.gather(*(collect(painter) for _ in range(4)))
        while not tasks.done():
            beats += 1
            await asyncio.sleep(0.001)
        await painter.close()
        return await tasks, beats

    results, beats = asyncio.run(both())
    assert all(events == alone for events in results)
    assert beats > 10


def names_of(face: Any) -> Any:
    return face.getname()


def test_without_streamlits_typeface_pillows_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engines.painter.find_spec", lambda name: None)
    assert names_of(_typeface(20)) == ("Aileron", "Regular")
    assert picture("nuit").size == (256, 256)


def test_streamlit_brings_the_typeface_of_the_caption() -> None:
    assert "Source Serif" in str(names_of(_typeface(20)))


def test_pillow_is_not_loaded_before_the_first_picture() -> None:
    code = "import core.engines.painter, sys; sys.exit('PIL' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
