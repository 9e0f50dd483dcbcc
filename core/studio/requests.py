"""A request from its submission on: submit, cancel, try again, and where its pictures stand."""

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.accounts.tokens import budget
from core.acting import actor
from core.catalog.catalog import Catalog, Model
from core.engines.connections import Lane, Lanes, Offer, as_lanes, offers
from core.errors import Problem
from core.ledger.booking import book
from core.ledger.estimates import Estimate
from core.ledger.ledger import Ledger
from core.site import Sites
from core.storage import uploads
from core.storage.database import Database
from core.storage.files import Files
from core.storage.formats import EXTENSIONS
from core.storage.tables import WAITING, Image, Request, User
from core.studio.entries import check_owner, choices_of, insert_request, is_own, is_paused, ordered, sizes_of
from core.studio.gallery import LARGEST_ID
from core.studio.news import News
from core.studio.orders import Order, ReferenceFile, completed, fingerprint
from core.studio.repeats import Once, earlier, known, remember
from core.studio.taking import Taking, Takings

RETRYABLE = ("failed", "blocked", "unknown", "cancelled")


class Requests:
    def __init__(
        self,
        database: Database,
        files: Files,
        catalog: Catalog,
        lanes: Lanes | Sequence[Lane],
        previews: int = 2,
        wake: Callable[[], None] = lambda: None,
        ledger: Ledger | None = None,
        news: News | None = None,
        sites: Sites | None = None,
        taking: Takings | None = None,
    ):
        """`wake` tells a worker of this process that something is in the line; the others look by themselves. With
        `taking` it takes what is ordered in the transaction of the order.

        Without a `ledger` days begin at midnight of UTC, and models without a price are allowed.
        """
        self.database = database
        self.files = files
        self.catalog = catalog
        self.lanes = as_lanes(lanes)
        self._previews = previews
        self._sites = sites
        self._wake = wake
        self._takings = taking or (lambda: nullcontext(Taking()))
        self.ledger = ledger or Ledger(database)
        self.news = news or News()

    def offers(self, today: date) -> list[Offer]:
        return offers(self.lanes(), self.catalog, today)

    def is_offered(self, model: str) -> bool:
        return any(offer.model.name == model for offer in self.offers(self.today()))

    def today(self) -> date:
        """The day by which models are offered, in UTC."""
        with self.database.read() as session:
            return self.database.now(session).date()

    def submit(
        self,
        user_id: int,
        order: Order,
        door: str = "pages",
        token_id: int | None = None,
        once: Once | None = None,
        before_it_begins: Callable[[Collection[int]], None] | None = None,
    ) -> int:
        """Put an order in the line, one row for each picture, reserve what it may cost, and return the request's id.

        `once` names the call: if it was made before, its request is returned and nothing is ordered.
        `before_it_begins` is handed the ids of the pictures before a worker of this process begins.
        """
        with self._takings() as taking, self.database.write() as session:
            now = self.database.now(session)
            token = budget(session, token_id, now) if token_id is not None else None
            if once is not None and (known := earlier(session, user_id, once, now)) is not None:
                return known
            check_owner(order, user_id)
            lane, request, order = self.row(session, user_id, order, door, now)
            if not is_own(session, user_id, order.parent_id):
                request["parent_id"] = request["relation"] = None
            request["token_id"] = token_id
            sizes = sizes_of(order.references)
            found = self.ledger.check(session, user_id, choices_of(request), order.number, sizes, now, token=token)
            held = self.ledger.hold(session, user_id, found, now, token_id)
            begun = taking.begin(session, lane, order.number, now)
            request_id, images = insert_request(session, request, order, {**held, **begun})
            if once is not None:
                remember(session, user_id, once, request_id, now)
            image_ids = {image.id for image in images}
            if before_it_begins is not None:
                before_it_begins(image_ids)
            if begun:
                taking.begun(session, lane, ordered(request_id, request, order), images, now)
                waiting = set()
            else:
                waiting = image_ids - taking.take(session, lane)
        if waiting:
            self._wake()
        self.news.tell(*waiting)
        return request_id

    def ordered_before(self, user_id: int, once: Once) -> int | None:
        """The request that was ordered by this call when it was made before."""
        with self.database.read() as session:
            return known(session, user_id, once, self.database.now(session))

    def estimate(self, user_id: int, order: Order) -> Estimate:
        """What an order may cost at most; a Problem if the model cannot do it. Nothing is stored."""
        with self.database.read() as session:
            now = self.database.now(session)
            _, request, order = self.row(session, user_id, order, "pages", now)
        return self.ledger.estimate(choices_of(request), order.number, sizes_of(order.references))

    def fingerprint(self, order: Order) -> str | None:
        """By which the pictures of the same order are found; None while the model could not do it."""
        try:
            return fingerprint(completed(order, self.catalog.get(order.model), self.today()))
        except Problem:
            return None

    def prices(self, order: Order) -> dict[str, int | None]:
        """What a picture of this order may cost at most at each quality of its model, in micro-dollars.

        None: unpriced. Empty while the model could not do the order.
        """
        with self.database.read() as session:
            now = self.database.now(session)
            try:
                described = replace(order, description=order.description.strip() or "…")
                _, request, completed_order = self.row(session, 0, described, "pages", now)
            except Problem:
                return {}
        qualities = self.catalog.get(order.model).qualities
        return self.ledger.by_quality(choices_of(request), qualities, sizes_of(completed_order.references))

    def cancel(self, user_id: int, image_id: int) -> None:
        """Take a waiting picture out of the line."""
        with self.database.write() as session:
            image = _own(session, user_id, image_id)
            if image.state not in WAITING:
                raise Problem("not_cancellable")
            self._cancel(session, image)
            self._record_help(session, image, "picture.cancelled")
        self.news.tell(image_id)

    def cancel_all(self, user_id: int, request_id: int) -> None:
        """Take every waiting picture of a request out of the line."""
        with self.database.write() as session:
            waiting = [image for image in _own_request(session, user_id, request_id).images if image.state in WAITING]
            if not waiting:
                raise Problem("not_cancellable")
            for image in waiting:
                self._cancel(session, image)
                self._record_help(session, image, "picture.cancelled")
        self.news.tell(*(image.id for image in waiting))

    def retry(self, user_id: int, image_id: int, may_be_billed_again: bool = False) -> int:
        """Order the same picture once more, as a row of its own; the old row keeps what it may have cost."""
        with self.database.write() as session:
            image = _own(session, user_id, image_id)
            taken = session.scalar(select(Image.id).where(Image.retry_of == image_id))
            if image.state not in RETRYABLE or taken is not None:
                raise Problem("not_retryable")
            again_id = self._retry(session, image, may_be_billed_again, None)
            self._record_help(session, image, "picture.retried")
        self._wake()
        return again_id

    def retry_all(
        self,
        user_id: int,
        request_id: int,
        may_be_billed_again: bool = False,
        token_id: int | None = None,
        once: Once | None = None,
    ) -> None:
        """Order every picture of a request once more that did not come, all or none of them; `once` names the call."""
        with self.database.write() as session:
            now = self.database.now(session)
            if once is not None and earlier(session, user_id, once, now) is not None:
                return
            images = _own_request(session, user_id, request_id).images
            retried = {image.retry_of for image in images}
            missing = [image for image in images if image.state in RETRYABLE and image.id not in retried]
            self._retry_these(session, missing, may_be_billed_again, token_id)
            if once is not None:
                remember(session, user_id, once, request_id, now)
        self._wake()

    def retry_these(self, user_id: int, image_ids: Sequence[int]) -> None:
        """The same for pictures of any requests, none of which may have been billed."""
        with self.database.write() as session:
            taken = select(Image.retry_of).where(Image.retry_of.in_(image_ids))
            mine = select(Image).where(Image.user_id == user_id, Image.id.in_(image_ids), Image.state.in_(RETRYABLE))
            missing = session.scalars(mine.where(Image.id.not_in(taken)).order_by(Image.id)).all()
            self._retry_these(session, missing, False, None)
        self._wake()

    def wake(self) -> None:
        """Somebody else has put something in the line."""
        self._wake()

    def _record_help(self, session: Session, image: Image, act: str) -> None:
        """What somebody else does in the owner's name."""
        if actor().user_id not in (None, image.user_id):
            owner = {"owner": session.get_one(User, image.user_id).login}
            audit.record(session, self.database.now(session), act, f"picture {image.id}", after=owner)

    def _cancel(self, session: Session, image: Image) -> None:
        image.state = "cancelled"
        image.finished_at = self.database.now(session)
        book(session, image, None, None, counted=False)

    def _retry_these(
        self, session: Session, images: Sequence[Image], may_be_billed_again: bool, token_id: int | None
    ) -> None:
        if not images:
            raise Problem("not_retryable")
        for image in images:
            self._retry(session, image, may_be_billed_again, token_id)

    def _retry(self, session: Session, image: Image, may_be_billed_again: bool, token_id: int | None) -> int:
        now, request = self.database.now(session), image.request
        if image.state == "unknown" and not may_be_billed_again:
            raise Problem("confirm_retry")
        offer = self._offer(session, request.model, now.date())
        sizes = sizes_of(request.references)
        token = budget(session, token_id, now) if token_id is not None else None
        found = self.ledger.check(session, image.user_id, request, 1, sizes, now, offer.lane.name, token)
        again = Image(
            request_id=image.request_id,
            user_id=image.user_id,
            created_at=now,
            position=image.position,
            token_id=token_id,
            retry_of=image.id,
            connection=offer.lane.name,
            state="paused" if is_paused(session, request) else "queued",
            seed=image.seed,
            **self.ledger.hold(session, image.user_id, found, now, token_id),
        )
        session.add(again)
        session.flush()
        return again.id

    def keep_reference(self, user_id: int, name: str, data: bytes) -> ReferenceFile:
        """Check an uploaded picture and keep it; what is refused is not stored."""
        found = uploads.check_reference(name, data)
        key = f"uploads/{user_id}/{found.sha256}.{EXTENSIONS[found.media_type]}"
        self.files.write(key, data, found.media_type)
        return ReferenceFile(found.name, key, found.media_type, found.width, found.height)

    def keep_mask(self, user_id: int, name: str, data: bytes) -> ReferenceFile:
        """The same for a mask."""
        found = uploads.check_mask(name, data)
        key = f"uploads/{user_id}/{found.sha256}.png"
        self.files.write(key, data, found.media_type)
        return ReferenceFile(found.name, key, found.media_type, found.width, found.height)

    def reference_from_gallery(self, user_id: int, image_id: int) -> ReferenceFile:
        """A picture of one's own to start from: a copy, so that it outlives the picture."""
        name, data = self._original(user_id, image_id)
        return replace(self.keep_reference(user_id, name, data), image_id=image_id)

    def mask_from_gallery(self, user_id: int, image_id: int) -> ReferenceFile:
        """The same as a mask, if it has transparent parts."""
        return self.keep_mask(user_id, *self._original(user_id, image_id))

    def _original(self, user_id: int, image_id: int) -> tuple[str, bytes]:
        with self.database.read() as session:
            image = _own(session, user_id, image_id)
            if image.state != "done" or image.image_url is None or image.deleted_at is not None:
                raise Problem("no_such_picture")
        try:
            return image.image_url.rsplit("/", 1)[-1], self.files.read(image.image_url)
        except FileNotFoundError:  # deleted a moment ago
            raise Problem("no_such_picture") from None

    def row(
        self, session: Session, user_id: int, order: Order, door: str, now: datetime
    ) -> tuple[Lane, dict[str, Any], Order]:
        """The row of an order that the model can do, with every choice explicit, not stored yet; and who draws it."""
        offer = self._offer(session, order.model, now.date(), order.connection)
        order = completed(order, offer.model, now.date())
        request = {
            "user_id": user_id,
            "description": order.description,
            "created_at": now,
            "door": door,
            "connection": offer.lane.name,
            "model": order.model,
            "size": order.size,
            "quality": order.quality,
            "number": order.number,
            "background": order.background,
            "output_format": order.output_format,
            "output_compression": order.output_compression,
            "previews": self._previews_of(session, order, offer.model),
            "moderation": order.moderation,
            "complexity": order.complexity,
            "input_fidelity": order.input_fidelity,
            "mask_key": order.mask.file_key if order.mask is not None else None,
            "fingerprint": fingerprint(order),
            "parent_id": order.parent_id,
            "relation": order.relation,
        }
        return offer.lane, request, order

    def _previews_of(self, session: Session, order: Order, model: Model) -> int:
        if model.dialect == "generic":
            return 0
        if order.previews is not None:
            return order.previews
        return self._sites.within(session).previews if self._sites else self._previews

    def _offer(self, session: Session, model: str, today: date, connection: str | None = None) -> Offer:
        described = self.catalog.get(model)
        if described.is_shut_down(today):
            raise Problem("model_shut_down", model=described.title, date=described.shutdown)
        for lane in self.lanes(session):
            if connection in (None, lane.name) and model in lane.models:
                return Offer(described, lane, self.catalog.ends_soon(described, today))
        raise Problem("model_not_offered", model=model[:80])


def _own(session: Session, user_id: int, image_id: int) -> Image:
    """The picture, if it is this person's; for everybody else it does not exist."""
    query = select(Image).where(Image.user_id == user_id, Image.id == image_id, Image.deleted_at.is_(None))
    image = session.scalar(query) if 0 < image_id <= LARGEST_ID else None
    if image is None:
        raise Problem("no_such_picture")
    return image


def _own_request(session: Session, user_id: int, request_id: int) -> Request:
    query = select(Request).where(Request.user_id == user_id, Request.id == request_id)
    request = session.scalar(query) if 0 < request_id <= LARGEST_ID else None
    if request is None:
        raise Problem("no_such_request")
    return request
