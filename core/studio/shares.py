"""Sharing: links under which anybody sees one picture. Its owner makes and revokes them, an administrator may hide it.

A link shows nothing while sharing is turned off, while the picture is hidden or thrown away, and while its owner's
account is disabled; with an owner who leaves, their links go.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import contains_eager

from core.accounts import audit, passwords
from core.errors import Problem
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image, Share
from core.storage.vault import UnreadableError, Vault
from core.studio.gallery import LARGEST_ID, is_shown

MOST = 20  # links of one picture that work at the same time
SHOWN = 100
LEAST_PASSWORD = 6  # characters: nobody guesses fast, and the address is a secret too
KEPT_FOR = timedelta(days=30)  # what has ended is still listed
BARE = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/avif")  # what is written inside can be taken out


@dataclass(frozen=True, slots=True)
class Link:
    """A share as its owner sees it. `token` is None if it was sealed with a secret that is gone."""

    share: Share
    token: str | None
    is_open: bool


class Shares:
    def __init__(self, database: Database, sites: Sites, vault: Vault):
        self.database = database
        self.sites = sites
        self.vault = vault

    def make(
        self,
        user_id: int,
        image_id: int,
        ends_at: datetime | None = None,
        password: str = "",
        with_description: bool = False,
    ) -> int:
        """The id of a new link to a picture of one's own."""
        password_hash = _hashed_password(password)  # before the database is held: it is dear
        token = secrets.token_urlsafe(32)
        with self.database.write() as session:
            now = self.database.now(session)
            image = session.scalar(_picture(image_id).where(Image.user_id == user_id, is_shown()))
            if image is None:
                raise Problem("no_such_picture")
            if not self.sites.within(session).sharing:
                raise Problem("sharing_off")
            if image.hidden_at is not None:
                raise Problem("picture_hidden")
            if not with_description and image.media_type not in BARE:
                raise Problem("share_tells_description")
            if ends_at is not None and ends_at <= now:
                raise Problem("share_end_past")
            working = select(func.count()).where(Share.image_id == image_id, is_open(now))
            if session.scalars(working).one() >= MOST:
                raise Problem("too_many_shares", most=MOST)
            share = Share(
                image_id=image_id,
                user_id=user_id,
                token_hash=hashed(token),
                token_sealed=self.vault.seal(token),
                password=password_hash,
                with_description=with_description,
                created_at=now,
                ends_at=ends_at,
            )
            session.add(share)
            session.flush()
            after = {
                "picture": image_id,
                "ends_at": ends_at and ends_at.isoformat(timespec="seconds"),
                "with_password": password_hash is not None,
                "with_description": with_description,
            }
            audit.record(session, now, "share.made", f"share {share.id}", after=after)
            return share.id

    def of(self, user_id: int, image_id: int) -> Sequence[Link]:
        """The links of a picture of one's own, newest first; those that have ended or were revoked are among them."""
        return self._links(Share.user_id == user_id, Share.image_id == image_id)

    def working(self, user_id: int) -> Sequence[Link]:
        """A person's links that have neither ended nor been revoked."""
        with self.database.read() as session:
            now = self.database.now(session)
        return self._links(Share.user_id == user_id, is_open(now))

    def _links(self, *conditions: ColumnElement[bool]) -> list[Link]:
        query = select(Share).join(Share.image).options(contains_eager(Share.image)).where(*conditions, is_shown())
        with self.database.read() as session:
            now = self.database.now(session)
            shares = session.scalars(query.order_by(Share.id.desc()).limit(SHOWN)).all()
        return [Link(share, self._token(share), _works(share, now)) for share in shares]

    def revoke(self, user_id: int, share_id: int) -> None:
        """From this moment on the link shows nothing."""
        with self.database.write() as session:
            wanted = select(Share).where(Share.user_id == user_id, Share.id == share_id, Share.revoked_at.is_(None))
            share = session.scalar(wanted) if 0 < share_id <= LARGEST_ID else None
            if share is None:
                raise Problem("no_such_share")
            share.revoked_at = self.database.now(session)
            audit.record(session, share.revoked_at, "share.revoked", f"share {share.id}", {"picture": share.image_id})

    def sweep(self) -> None:
        """Forget what has ended or was revoked long ago."""
        with self.database.write() as session:
            before = self.database.now(session) - KEPT_FOR
            session.execute(delete(Share).where((Share.revoked_at < before) | (Share.ends_at < before)))

    def _token(self, share: Share) -> str | None:
        try:
            return self.vault.unseal(share.token_sealed)
        except UnreadableError:
            return None


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _picture(image_id: int) -> Select[Image]:
    return select(Image).where(Image.id == max(0, min(image_id, LARGEST_ID)))


def is_open(now: datetime) -> ColumnElement[bool]:
    return Share.revoked_at.is_(None) & (Share.ends_at.is_(None) | (Share.ends_at > now))


def _works(share: Share, now: datetime) -> bool:
    return share.revoked_at is None and (share.ends_at is None or share.ends_at > now)


def _hashed_password(password: str) -> str | None:
    if not passwords.normal(password):
        return None
    passwords.check_strength(password, "", "", LEAST_PASSWORD)
    return passwords.hashed(password)
