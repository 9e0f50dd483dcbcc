"""The painter's scenery: a landscape in the light, the season and the mood that a description names.

Words of the description choose the scene and its colours; dice thrown from description and seed choose the rest.
Every part has dice of its own and every length is a share of the picture, so a small draft shows the same scene.
"""

import io
import re
import tomllib
import unicodedata
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from core.engines.base import Job, Reference, Refused

Colour = tuple[int, ...]
WHITE = (250, 250, 252)
DATA = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
PALETTES: dict[str, list[str]] = DATA.pop("palette")
# By facet: each word, and the key it stands for.
MEANINGS = {
    facet: {word: key for key, words in table.items() for word in words.split()} for facet, table in DATA.items()
}


def _words(text: str) -> list[str]:
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    words = [word[:-3] + "y" if word.endswith("ies") else word for word in re.findall("[a-z]+", plain)]
    return [form for w in words for form in (w, w.rstrip("sx"), w.rstrip("sx").removesuffix("e"))]


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _tint(base: Colour, code: str, share: float) -> Colour:
    """Move `base` towards the hue of a colour, and only a little towards its lightness."""
    colour = bytes.fromhex(code)
    scale = 0.7 * (sum(base) + 15) / (sum(colour) + 15) + 0.3
    return _mix(base, tuple(min(255, round(part * scale)) for part in colour), share)


class Scene:
    """One description at one size."""

    def __init__(self, job: Job, size: tuple[int, int]) -> None:
        self.job, self.size, self.unit, (self.width, self.height) = job, size, min(size), size
        self.detail = {"low": 0, "high": 2, "xhigh": 2, "max": 2}.get(job.quality or "", 1)
        words, dice = _words(job.description), self.dice("scene")
        heard = {key: list(dict.fromkeys(table[w] for w in words if w in table)) for key, table in MEANINGS.items()}
        times = ["dawn", "day", "sunset"] + ["night"] * (not heard["mood"])
        self.time = (sorted(heard["time"], key="day".__eq__) or [dice.choice(times)])[0]
        self.green = (heard["season"] or [dice.choice(sorted({*MEANINGS["season"].values()}))])[0]
        self.winter = self.green == MEANINGS["season"]["winter"]
        anywhere = ("mountain water", "mountain forest water", "hill forest", "mountain forest")
        self.weather, self.places = heard["weather"], heard["place"] or dice.choice(anywhere).split()
        mood = (heard["mood"] or ["1 1 .45 .4"])[0].split()
        self.saturation, self.lightness, self.clouds, self.mist = map(float, mood)
        palette = [tuple(bytes.fromhex(code)) for code in dice.choice(PALETTES[self.time]).split()]
        colours = heard["colour"][:1] + heard["colour"][-1:]
        for part, share in enumerate((0.5, 0.45, 0.3, 0.1, 0.5, 0.45) if colours else ()):
            palette[part] = _tint(palette[part], colours[part // 3], share)
        self.top, self.middle, self.low, self.light, self.far, self.near = palette
        self.horizon, self.warm = dice.uniform(0.55, 0.62) * self.height, self.time in ("dawn", "sunset")
        self.sun = (dice.uniform(0.2, 0.8) * self.width, self.horizon * (0.8 if self.warm else 0.36))
        self.picture, self.land = Image.new("RGB", size), Image.new("L", size)

    def dice(self, part: str) -> Random:
        seed = f"{part}\n{self.job.seed}\n{self.job.description}".encode(errors="replace")
        return Random(sha256(seed).digest())  # noqa: S311

    def ramp(self, start: float, end: float) -> Image.Image:
        """From 0 at the height `start` to 255 at the height `end`."""
        ramp = Image.new("L", self.size, 255)
        ramp.paste(0, (0, 0, self.width, max(0, int(start))))
        ramp.paste(Image.linear_gradient("L").resize((self.width, max(1, int(end - start)))), (0, int(start)))
        return ramp

    def noise(self, part: str, across: int, down: int, low: float, high: float) -> Image.Image:
        """Cloudy noise; from 0 to 1, what is under `low` becomes black, what is over `high` white."""
        dice, small = self.dice(part), (min(self.width, 512), min(self.height, 512))
        total = Image.new("L", small)
        for octave in range(4 + self.detail):
            grid = (across << octave, down << octave)
            layer = Image.frombytes("L", grid, dice.randbytes(grid[0] * grid[1])).resize(small)
            total = Image.blend(total, layer, 1 / (2 ** (octave + 1) - 1))
        return total.point(lambda v: max(0, min(255, (v - low * 255) / (high - low)))).resize(self.size)

    def glow(self, spot: tuple[float, float], reach: float, colour: Colour, power: float, sharp: int = 1) -> None:
        halo = Image.radial_gradient("L").point(lambda v: min(1, max(0, 1 - v / 181) * sharp) ** 2 * power * 255)
        halo = halo.resize((max(2, round(2 * reach)),) * 2)
        self.picture.paste(colour, (round(spot[0] - reach), round(spot[1] - reach)), halo)

    def sky(self) -> None:
        self.picture.paste(ImageOps.colorize(self.ramp(0, self.horizon), self.top, self.low, self.middle))
        dice = self.dice("stars")
        for _ in range(240 + 120 * self.detail if self.time == "night" else 0):
            spot = (dice.random() * self.width, dice.random() ** 1.4 * self.horizon)
            self.glow(spot, self.unit * (0.002 + 0.012 * dice.random() ** 8), WHITE, dice.uniform(0.3, 1.0))
        for reach, power in ((1.2, 0.55), (0.55, 0.5), (0.2, 0.45)):
            self.glow(self.sun, reach * self.unit, self.light, power)
        cover, shade = 0.62 - 0.25 * self.clouds, _mix(self.middle, self.top, 0.4)
        fade = ImageOps.invert(self.ramp(self.horizon * 0.3, self.horizon * 1.1))
        mask = ImageChops.multiply(self.noise("clouds", 2, 6, cover, cover + 0.25), fade)
        lit = ImageChops.subtract(mask, ImageChops.offset(mask, 0, -max(1, self.unit // 50)))
        self.picture.paste(_mix(shade, self.near, max(0, self.clouds - 0.4)), mask=mask.point(lambda v: v * 0.75))
        self.picture.paste(_mix(self.low, self.light, 0.6), mask=lit.point(lambda v: min(255, v * 1.6)))
        disc = self.unit * (0.075 if self.warm else 0.05)
        self.glow(self.sun, disc, _mix(self.light, WHITE, 0.4), min(1, 1.35 - self.clouds), 40)

    def ridge(self, dice: Random, kind: str, base: float, rise: float) -> list[tuple[float, float]]:
        """The line from left to right where land meets sky."""
        heights = [dice.random(), dice.random()]
        for level in range(8):
            between = [(a + b) / 2 + dice.uniform(-0.55, 0.55) * 0.52**level for a, b in pairwise(heights)]
            heights = [h for pair in zip(heights, between, strict=False) for h in pair] + heights[-1:]
        for _ in range(0 if kind == "mountain" else 2):
            heights = [sum(near) / len(near) for i in range(257) if (near := heights[max(0, i - 16) : i + 17])]
        low, high, x = min(heights), max(heights), 0.0
        row: list[tuple[float, float]] = []
        line = [(self.width * i / 256, base - rise * (h - low) / (high - low)) for i, h in enumerate(heights)]
        while x < self.width and kind == "city":
            up, step = base - rise * (0.2 + 0.8 * dice.random() ** 2), self.unit * dice.uniform(0.03, 0.07)
            row, x = [*row, (x, up), (x + step, up)], x + step
        while x < self.width and kind == "forest":
            tall = rise * dice.uniform(0.4, 1.0) * (0.4 + 0.8 * (2 * x / self.width - 1) ** 2)
            half, foot = tall * dice.uniform(0.16, 0.22), line[int(x / self.width * 256)][1]
            for step in (part / 8 for part in range(-8, 9)):
                wide = half * step * dice.uniform(0.8, 1.1)
                tier = [(x + wide, foot - tall * (1 - abs(step))), (x + wide / 2, foot - tall * (1.04 - abs(step)))]
                row += tier if step < 0 else tier[::-1]
            x += half * dice.uniform(1.2, 2.2)
        return row or line

    def ground(self, part: str, kind: str, base: float, rise: float, near: float) -> None:
        """One layer of land; `near` is 0 at the horizon and 1 at our feet."""
        night, colour, dice = self.time == "night", _mix(self.far, self.near, near), self.dice(part)
        if kind == "desert":
            colour = _mix(_tint(colour, "d6965a", 0.7), self.light, 0.3 * (1 - near))
        elif kind != "city":
            colour = _tint(colour, self.green, (0.25 * near) if night else 0.2 + 0.45 * near)
            white = {"forest": 0.0, "hill": 0.5, "mountain": 0.15}[kind] * (0.4 if night else 1) * self.winter
            colour = _mix(_mix(colour, _mix(self.low, WHITE, 0.5), white), self.near, 0.5 * (kind == "forest"))
        line, top = self.ridge(dice, kind, base, rise), base - rise
        corners = [(self.width, self.height), (0, self.height)]
        mask = Image.new("L", (2 * self.width, 2 * self.height))  # halved later, so that its edges are smooth
        ImageDraw.Draw(mask).polygon([(2 * x, 2 * y) for x, y in line + corners], 255)
        mask, haze = mask.reduce(2), _mix(colour, self.low, (0.35 + 0.4 * self.mist) * (1 - near))
        fill = ImageOps.colorize(self.ramp(top, base + rise * 0.2), colour, haze)
        if kind == "mountain" and near < 0.5:
            cold = ImageOps.invert(self.ramp(top + rise * 0.2, top + rise * (1.2 if self.winter else 0.7)))
            snow = ImageChops.multiply(self.noise(part + " snow", 7, 5, 0.42, 0.52), cold)
            fill.paste(_mix(self.low, WHITE, 0.5), mask=snow)
        relief, step = self.noise(part, 7, 5, 0.2, 0.8), max(1, self.unit // 140)
        aside, soft = (step if self.sun[0] < self.width / 2 else -step, 0.4) if kind == "mountain" else (0, 0.8)
        moved = relief.copy()
        moved.paste(relief, (aside, step))
        relief = ImageChops.subtract(relief, moved, soft, 128)
        self.picture.paste(ImageChops.soft_light(fill, Image.merge("RGB", [relief] * 3)), mask=mask)
        edge = ImageChops.subtract(mask, ImageChops.offset(mask, 0, max(1, self.unit // 300)))
        self.picture.paste(self.light, mask=edge.point(lambda v: v * 0.25))
        self.land, cell = ImageChops.lighter(self.land, mask), self.unit * 0.012
        draw, lamp = ImageDraw.Draw(self.picture), _mix(self.light, (255, 180, 80), 0.4)
        for (x, y), (right, _) in list(pairwise(line))[::2] if kind == "city" else ():
            for at in range(int((right - x) / cell) * int((base - y) / cell / 1.6)):
                row, column = divmod(at, int((right - x) / cell))
                left, upper = x + (column + 0.3) * cell, y + (row + 0.6) * cell * 1.6
                if dice.random() < {"night": 0.4, "day": 0.06}.get(self.time, 0.22):
                    draw.rectangle((left, upper, left + cell * 0.4, upper + cell * 0.7), lamp)

    def water(self) -> None:
        y, box = int(self.horizon), (self.width, self.height - int(self.horizon))
        mirror = ImageOps.flip(self.picture.crop((0, max(0, y - int(1.2 * box[1])), self.width, y))).resize(box)
        mirror = mirror.filter(ImageFilter.GaussianBlur((self.unit / 400, self.unit / 90)))
        fade, path = Image.linear_gradient("L").resize(box), Image.new("L", box)
        swell, ripples = (self.noise(f"waves {n}", n // 15, n, 0.35, 0.7).resize(box) for n in (30, 75))
        ripples = Image.composite(swell, ripples, fade)
        moved = mirror.copy()
        moved.paste(mirror, (self.unit // 50, self.unit // 60))
        mirror = Image.composite(mirror, moved, ripples)
        mirror.paste(_mix(self.top, self.near, 0.4), mask=fade.point(lambda v: 50 + v * 0.5))
        mirror.paste(_mix(self.low, self.light, 0.3), mask=ripples.point(lambda v: max(0, v - 150) * 0.5))
        halo = Image.radial_gradient("L").point(lambda v: max(0, 255 - v * 1.41))
        path.paste(halo.resize((self.unit // 2, 2 * box[1])), (int(self.sun[0]) - self.unit // 4, -box[1] // 2))
        mirror.paste(self.light, mask=ImageChops.multiply(path, ripples.point(lambda v: max(0, v - 90) * 1.8)))
        self.picture.paste(mirror, (0, y))
        self.land.paste(255, (0, y, self.width, self.height))

    def scenery(self) -> None:
        kind = next((place for place in ("city", "mountain", "desert") if place in self.places), "hill")
        rise = {"mountain": 0.4, "city": 0.32, "desert": 0.16, "hill": 0.13}[kind] * self.height
        wet, step = ("water" in self.places or kind == "city"), self.height * 0.07
        for i in range(4):
            base, near = self.horizon + step * i * (0.1 if wet else 1), 0.16 if kind == "mountain" else 0.06
            self.ground(f"far {i}", kind, base, rise * (1 - 0.18 * i), near + 0.15 * i)
        if wet:
            self.water()
        front = "forest" if "forest" in self.places else "desert" if kind == "desert" else "hill"
        for i in range((1 if front == "forest" else 0) if wet else 3):
            rise = self.height * (0.22 if front == "forest" else 0.13)
            self.ground(f"near {i}", front, self.height * (1.02 if wet else 0.9 + 0.05 * i), rise, 0.7 + 0.15 * i)

    def start_from(self, reference: Reference) -> None:
        """Begin with a person's picture, in the light of this scene, and not with a scenery."""
        try:
            upload = Image.open(io.BytesIO(reference.data))
            upload.draft("RGB", self.size)
            photo = ImageOps.fit(ImageOps.exif_transpose(upload).convert("RGBA"), self.size)
        except (OSError, Image.DecompressionBombError) as error:
            raise Refused("image_broken", {"name": reference.name}) from error
        tones = ImageOps.colorize(photo.convert("L"), self.near, self.light, _mix(self.middle, self.far, 0.5))
        self.land = photo.getchannel("A")
        self.picture.paste(Image.blend(photo.convert("RGB"), tones, 0.5), mask=self.land)
        self.glow(self.sun, self.unit * 0.9, self.light, 0.5)

    def weathered(self) -> None:
        dice, drops = self.dice("weather"), Image.new("L", self.size)
        if "fog" in self.weather or self.mist > 0.9:
            fog = ImageChops.multiply(self.noise("fog", 2, 4, 0.15, 0.9), self.ramp(self.horizon / 2, self.horizon))
            self.picture.paste(self.low, mask=fog.point(lambda v: v * 0.8))
        for _ in range(400 * bool({"rain", "snow"} & {*self.weather})):
            x, y, long = dice.random() * self.width, dice.random() * self.height, self.unit * dice.uniform(0.02, 0.07)
            if "snow" in self.weather:
                self.glow((x, y), self.unit * (0.0025 + 0.008 * dice.random() ** 4), WHITE, dice.uniform(0.5, 0.9), 2)
            else:
                ImageDraw.Draw(drops).line((x, y, x - long / 4, y + long), 70, max(1, self.unit // 600))
        self.picture.paste(WHITE, mask=drops)

    def paint(self) -> Image.Image:
        self.sky()
        if self.job.references:
            self.start_from(self.job.references[0])
        else:
            self.scenery()
        self.weathered()
        picture = ImageEnhance.Color(self.picture).enhance(self.saturation)
        picture = ImageEnhance.Brightness(picture).enhance(self.lightness)
        edges = Image.radial_gradient("L").resize(self.size).point(lambda v: max(0, v - 120) * 0.6)
        picture.paste(_mix(self.near, (0, 0, 0), 0.5), mask=edges)
        return picture

    def grained(self, picture: Image.Image) -> Image.Image:
        """With the grain of a print; its noise also hides the steps of dark gradients."""
        grain = Image.frombytes("L", self.size, self.dice("grain").randbytes(self.width * self.height))
        return ImageChops.add(picture, Image.merge("RGB", [grain.point(lambda v: v / 26)] * 3), 1, -5)
