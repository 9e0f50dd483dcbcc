"""A picture made after another: the same again, a variation, a final one of a draft, a change; and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from core.catalog.catalog import LONGEST_EDGE, Catalog, Model, dimensions
from core.errors import Problem
from core.ledger.limits import QUALITIES
from core.storage.database import Database
from core.storage.tables import Image, Reference, Request
from core.studio.gallery import LARGEST_ID
from core.studio.orders import Order, ReferenceFile
from core.studio.requests import Requests

DRAFTS = 4  # of one description, at once
FINAL_QUALITY = "high"
KEPT = Image.deleted_at.is_(None)
LARGEST = (LONGEST_EDGE, LONGEST_EDGE)  # of a picture whose size the provider chose


@dataclass(frozen=True, slots=True)
class Family:
    """`parent` is the picture after which one was made; `siblings` are the others of its order, such as drafts, and
    `children` those made after it, oldest first."""

    parent: Image | None
    siblings: Sequence[Image]
    children: Sequence[Image]


@dataclass(frozen=True, slots=True)
class After:
    """What can be made after a picture, and what it may cost at most in micro-dollars; None: unpriced.

    `final_quality` is None for a picture that needs no final one.
    """

    variation: int | None
    final_quality: str | None
    final: int | None


class Lineage:
    def __init__(self, database: Database, catalog: Catalog, requests: Requests):
        self.database = database
        self.catalog = catalog
        self.requests = requests

    def order_of(self, user_id: int, image_id: int) -> Order:
        """The order that asks for this picture once more; the seed makes another one of it."""
        request, _ = self._made(user_id, image_id)
        return self._order(user_id, request)

    def variation(self, user_id: int, image_id: int) -> Order:
        return replace(self.order_of(user_id, image_id), parent_id=image_id, relation="variation")

    def final(self, user_id: int, image_id: int) -> Order:
        """The same picture at a high quality: from the same seed, and starting from the draft where the model can.

        A provider's model takes no seed; what makes it draw this very picture again is the picture.
        """
        request, seed = self._made(user_id, image_id)
        model = self.catalog.get(request.model)
        quality = final_quality(model.qualities, request.quality)
        if quality is None:
            raise Problem("already_final")
        order = self._order(user_id, request)
        if len(order.references) < model.most_references:
            draft = self.requests.reference_from_gallery(user_id, image_id)
            order = replace(order, references=(draft, *order.references), mask=None)  # it was painted on another one
        return replace(order, quality=quality, seed=seed, parent_id=image_id, relation="final")

    def after(self, request: Request) -> After | None:
        """None: its model is no longer offered. `request` comes with its references."""
        if not self.requests.is_offered(request.model):
            return None
        model = self.catalog.get(request.model)
        by_quality, own = self.requests.ledger.by_quality, request.quality or ""
        sizes = [(it.width, it.height) for it in request.references]
        variation = by_quality(request, [own], sizes)[own]
        quality = final_quality(model.qualities, request.quality)
        if quality is None:
            return After(variation, None, None)
        draft = [dimensions(request.size or "") or LARGEST] if len(sizes) < model.most_references else []
        return After(variation, quality, by_quality(request, [quality], [*sizes, *draft])[quality])

    def same(self, user_id: int, fingerprint: str) -> Image | None:
        """The newest picture that this person's same order brought before."""
        query = (
            select(Image)
            .join(Image.request)
            .options(contains_eager(Image.request))
            .where(Request.user_id == user_id, Request.fingerprint == fingerprint, Image.state == "done", KEPT)
            .order_by(Image.id.desc())
            .limit(1)
        )
        with self.database.read() as session:
            return session.scalar(query)

    def family(self, user_id: int, image: Image) -> Family:
        """As far as it is this person's and was made."""
        mine = (
            select(Image)
            .join(Image.request)
            .options(contains_eager(Image.request))
            .where(Image.user_id == user_id, Image.state == "done", KEPT)
        )
        with self.database.read() as session:
            parent = session.scalar(mine.where(Image.id == image.request.parent_id))
            of_order = mine.where(Image.request_id == image.request_id, Image.id != image.id)
            siblings = session.scalars(of_order.order_by(Image.id)).all()
            children = session.scalars(mine.where(Request.parent_id == image.id).order_by(Image.id)).all()
        return Family(parent, siblings, children)

    def _made(self, user_id: int, image_id: int) -> tuple[Request, int]:
        """The request of one's own finished picture, with its references, and the picture's seed."""
        query = (
            select(Image)
            .where(Image.user_id == user_id, Image.id == image_id, Image.state == "done", KEPT)
            .join(Image.request)
            .options(contains_eager(Image.request).options(selectinload(Request.references)))
        )
        with self.database.read() as session:
            image = session.scalar(query) if 0 < image_id <= LARGEST_ID else None
        if image is None:
            raise Problem("no_such_picture")
        return image.request, image.seed

    def _order(self, user_id: int, request: Request) -> Order:
        order = _order(request)
        references = tuple(self._own(user_id, file) for file in order.references)
        mask = self._own(user_id, order.mask) if order.mask is not None else None
        return replace(order, references=references, mask=mask)

    def _own(self, user_id: int, file: ReferenceFile) -> ReferenceFile:
        """Of what somebody had uploaded who left, whoever was given their pictures starts from a copy."""
        key = f"uploads/{user_id}/{file.file_key.rpartition('/')[2]}"
        if key == file.file_key:
            return file
        files = self.requests.files
        try:
            files.write(key, files.read(file.file_key), file.media_type)
        except FileNotFoundError:
            raise Problem("no_such_picture") from None
        return replace(file, file_key=key)


def drafts_of(model: Model, order: Order) -> Order | None:
    """A few cheap pictures of an order to choose from; None where the model has nothing cheaper."""
    cheapest = model.qualities[0] if model.qualities else None
    if cheapest is None or (order.quality == cheapest and order.number == DRAFTS):
        return None
    return replace(order, quality=cheapest, number=DRAFTS)


def final_quality(offered: Sequence[str], quality: str | None) -> str | None:
    """The quality of a final picture, if that of the draft is below it."""
    better = [it for it in offered if it in QUALITIES and quality in QUALITIES and _rank(it) > _rank(quality)]
    high = [it for it in better if _rank(it) <= _rank(FINAL_QUALITY)]
    return max(high, key=_rank) if high else None


def _rank(quality: str | None) -> int:
    return QUALITIES.index(quality or "")


def _order(request: Request) -> Order:
    references = tuple(_file(reference) for reference in request.references)
    return Order(
        description=request.description,
        model=request.model,
        size=request.size,
        quality=request.quality,
        background=request.background,
        output_format=request.output_format,
        output_compression=request.output_compression,
        references=references,
        moderation=request.moderation,
        complexity=request.complexity,
        input_fidelity=request.input_fidelity,
        mask=_mask(request, references[0]) if references else None,
    )


def _file(reference: Reference) -> ReferenceFile:
    return ReferenceFile(
        reference.name,
        reference.file_key,
        reference.media_type,
        reference.width,
        reference.height,
        reference.image_id,
    )


def _mask(request: Request, picture: ReferenceFile) -> ReferenceFile | None:
    """It is as large as the picture that it was painted on."""
    if request.mask_key is None:
        return None
    return ReferenceFile("mask", request.mask_key, "image/png", picture.width, picture.height)
