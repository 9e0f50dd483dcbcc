"""What a picture was ordered with, what came of it, and what it cost, as lists of names and values."""

from collections.abc import Sequence
from html import escape

from core.i18n import Reader
from core.ledger.explained import Explained
from core.storage.tables import Image
from pages.parts.money import cost_of
from pages.parts.names import background_name, model_name, quality_name, size_name
from pages.parts.tiles import badge
from pages.parts.visit import Here

EXACT = 6  # digits, for amounts that add up to the micro-dollar


def facts(here: Here, image: Image) -> str:
    text, request = here.reader, image.request
    model = here.services.catalog.get(request.model)
    took = (image.finished_at - image.started_at).total_seconds() if image.finished_at and image.started_at else None
    rows = [
        (text("Number"), text.number(image.id)),
        (text("Model"), badge(text, request) or model_name(text, model)),
        (text("Ordered size"), size_name(text, request.size)),
        (text("Size"), f"{image.width} × {image.height}" if image.width else ""),
        (text("Quality"), quality_name(text, request.quality) if request.quality else text("Automatic")),
        (text("Background"), background_name(text, request.background) if request.background else ""),
        (text("Ordered format"), (request.output_format or "").upper()),
        (text("Compression"), "" if request.output_compression is None else text.number(request.output_compression)),
        (text("Format"), (image.media_type or "").removeprefix("image/").upper()),
        (text("File"), text.bytes(image.size_in_bytes) if image.size_in_bytes else ""),
        (text("Previews"), text.number(request.previews) if request.previews else ""),
        (text("Moderation"), request.moderation or ""),
        (text("Complexity"), request.complexity or ""),
        (text("Faithfulness to the pictures"), request.input_fidelity or ""),
        (text("Pictures ordered"), text.number(request.number)),
        (text("Started from"), text.listing([reference.name for reference in request.references])),
        (text("Mask"), text("Only a part of it was painted anew") if request.mask_key else ""),
        (text("Seed"), str(image.seed) if request.connection == "painter" else ""),
        (text("Made on"), text.moment(image.finished_at) if image.finished_at else ""),
        (text("Took"), text.duration(took) if took is not None else ""),
        (text("By"), request.user.name if image.user_id != here.person.user_id else ""),
        (text("Changed description"), image.revised_description or ""),
        (text("Request id at the provider"), image.provider_request_id or ""),
    ]
    return _list(rows)


def cost(text: Reader, found: Explained) -> str:
    """The cost, and how it is made up; the parts are shown to the micro-dollar, and so is their sum."""
    said = _said(text, found)
    shown = f'<h3 class="imagier-head">{escape(text("Cost"))}</h3><p class="imagier-cost">{escape(said)}</p>'
    if found.reason != "tokens":
        return shown
    lines = "".join(
        f"<tr><th scope='row'>{escape(_class(text, part.name))}</th><td class='number'>{text.number(part.tokens)}</td>"
        f"<td class='number'>{escape(text.money(part.price))}</td>"
        f"<td class='number'>{escape(text.money(part.micros, EXACT))}</td></tr>"
        for part in found.parts
    )
    heads = (text("Part"), text("Tokens"), text("For a million"), text("Cost"))
    head = "".join(
        f"<th scope='col'{' class=number' if place else ''}>{escape(one)}</th>" for place, one in enumerate(heads)
    )
    total = (
        f"<tr class='sum'><th scope='row' colspan='3'>{escape(text('Together'))}</th>"
        f"<td class='number'>{escape(text.money(found.cost or 0, EXACT))}</td></tr>"
    )
    return (
        f'{shown}<div class="imagier-table"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}{total}</tbody></table></div>"
    )


def _said(text: Reader, found: Explained) -> str:
    shown = text.money(found.cost or 0, EXACT) if found.reason == "tokens" else cost_of(text, found.cost)
    if found.reason == "at_risk":
        return text(
            "Not known yet: the provider did not say what it used. It cost at most {price}, which is held until an"
            " administrator settles it.",
            price=cost_of(text, found.held),
        )
    sentences = {
        "tokens": text("{price}: the tokens that the provider reported, at the price that held.", price=shown),
        "per_picture": text("{price}: the price of a picture of this model.", price=shown),
        "free": text("Free: this picture costs nothing."),
        "settled": text("{price}, as an administrator settled it.", price=shown),
        "unpriced": text("Unpriced: there was no price for this model, so nobody can tell what it cost."),
    }
    return sentences[found.reason]


def _class(text: Reader, name: str) -> str:
    names = {
        "text_in": text("Description"),
        "cached_text_in": text("Description, from the provider’s cache"),
        "image_in": text("Pictures to start from"),
        "cached_image_in": text("Pictures to start from, from the provider’s cache"),
        "image_out": text("Picture and previews"),
        "text_out": text("Text that the model wrote"),
    }
    return names[name]


def _list(rows: Sequence[tuple[str, str]]) -> str:
    shown = "".join(f"<dt>{escape(name)}</dt><dd dir='auto'>{escape(value)}</dd>" for name, value in rows if value)
    return f'<dl class="imagier-facts">{shown}</dl>'
