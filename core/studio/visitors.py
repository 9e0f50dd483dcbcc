"""Who comes by a link: what it shows them, and the password that it may ask for. They learn of nothing else.

What they get are copies, made when somebody first asks: the picture without what is written inside its file, and a
small one for messengers. They lie beside the original, with which they go.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from core.accounts import passwords
from core.accounts.throttle import Throttle
from core.errors import Problem
from core.site import Sites
from core.storage.cards import make_card
from core.storage.clean import cleaned
from core.storage.database import Database
from core.storage.files import Files
from core.storage.formats import media_type_of
from core.storage.tables import Image, Share, User
from core.studio.gallery import is_shown
from core.studio.pictures import UNKNOWN
from core.studio.shares import hashed, is_open


class Visitors:
    def __init__(self, database: Database, files: Files, sites: Sites, throttle: Throttle):
        self.database = database
        self.files = files
        self.sites = sites
        self.throttle = throttle

    def opened(self, token: str) -> Share | None:
        """What a link shows, with its picture and the request: one question, whatever the reason to show nothing."""
        with self.database.read() as session:
            query = (
                select(Share)
                .join(Share.image)
                .join(Image.request)
                .join(User, User.id == Share.user_id)
                .options(contains_eager(Share.image).contains_eager(Image.request))
                .where(
                    Share.token_hash == hashed(token),
                    is_open(self.database.now(session)),
                    Image.user_id == Share.user_id,
                    Image.hidden_at.is_(None),
                    User.disabled_at.is_(None),
                    is_shown(),
                )
            )
            share = session.scalar(query)
            return share if self.sites.within(session).sharing else None

    def unlock(self, share: Share, password: str, address: str) -> None:
        """Check the password of a link; a Problem if it is wrong, or if somebody tries too often."""
        subject = f"share {share.token_hash}"  # which nobody can type at the sign-in
        self.throttle.begin(subject, address)
        if not passwords.matches(password, share.password or passwords.NOBODY):
            self.throttle.failed("share.refused", subject, address, f"share {share.id}", "wrong_password")
            raise Problem("wrong_share_password")
        self.throttle.succeeded(subject, address)

    def picture(self, share: Share) -> str | None:
        """The key of the file that a link gives out; None if it cannot be given.

        Content credentials stay where the description is shown: they may tell it.
        """
        name = "shared-credentials" if share.with_description else "shared"
        key = self._copy(share, name, lambda data: cleaned(data, share.with_description))
        return share.image.image_url if key is None and share.with_description else key

    def preview(self, share: Share) -> str | None:
        """The same for messengers, which know no password: a JPEG."""
        return self._copy(share, "preview.jpg", make_card)

    def _copy(self, share: Share, name: str, make: Callable[[bytes], bytes | None]) -> str | None:
        original = share.image.image_url or ""
        key = f"{original.rsplit('/', 1)[0]}/{name}"
        if self.files.exists(key):
            return key
        try:
            made = make(self.files.read(original))
        except FileNotFoundError:
            return None
        if made is None:
            return None
        self.files.write(key, made, media_type_of(made) or UNKNOWN)
        return key
