"""Links that show a picture: who makes them, when they show nothing, and what is known of them afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from core.accounts.throttle import Throttle
from core.errors import Problem
from core.members.leaving import Leaving
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Share, User
from core.storage.vault import LINKS, Vault
from core.studio.dossier import Dossiers
from core.studio.removal import Removal
from core.studio.shares import MOST, Shares
from core.studio.visitors import Visitors
from tests.conftest import SettableClock
from tests.studio import Studio
from tests.test_people import code_of
from tests.test_retention import change, made

SECRET = b"s" * 32
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        studio.is_free()
        yield studio


@pytest.fixture
def sites(database: Database, settings: Settings) -> Sites:
    return Sites(database, settings)


@pytest.fixture
def shares(database: Database, sites: Sites) -> Shares:
    return Shares(database, sites, Vault([SECRET], LINKS))


@pytest.fixture
def visitors(studio: Studio, sites: Sites) -> Visitors:
    return Visitors(studio.database, studio.files, sites, Throttle(studio.database, SECRET))


@pytest.fixture
def image_id(studio: Studio) -> int:
    (image_id,) = made(studio, studio.alice)
    return image_id


def token_of(shares: Shares, user_id: int, image_id: int) -> str:
    token = shares.of(user_id, image_id)[0].token
    assert token is not None
    return token


def acts(database: Database) -> list[tuple[str, str, Any]]:
    with database.read() as session:
        wanted = AuditEntry.act.startswith("share.") | AuditEntry.act.startswith("picture.")
        entries = session.scalars(select(AuditEntry).where(wanted).order_by(AuditEntry.id)).all()
        return [(entry.act, entry.subject, entry.after) for entry in entries]


def test_a_link_shows_the_picture_until_it_ends_or_is_revoked(
    studio: Studio, shares: Shares, visitors: Visitors, image_id: int, clock: SettableClock
) -> None:
    ends = shares.make(studio.alice, image_id, ends_at=clock.now + DAY)
    short = token_of(shares, studio.alice, image_id)
    lasts = shares.make(studio.alice, image_id, with_description=True)
    long = token_of(shares, studio.alice, image_id)
    assert len(long) >= 43
    seen = visitors.opened(long)
    assert seen is not None
    assert (seen.image_id, seen.image.request.description, seen.with_description) == (image_id, "a tree", True)
    clock.forward(DAY.total_seconds())
    assert visitors.opened(short) is None
    assert [(link.share.id, link.is_open) for link in shares.of(studio.alice, image_id)] == [
        (lasts, True),
        (ends, False),
    ]
    shares.revoke(studio.alice, lasts)
    assert visitors.opened(long) is None
    assert not shares.working(studio.alice)
    assert code_of(lambda: shares.revoke(studio.alice, lasts)) == "no_such_share"


def test_only_the_owner_makes_sees_and_revokes_links(
    studio: Studio, shares: Shares, visitors: Visitors, image_id: int
) -> None:
    share_id = shares.make(studio.alice, image_id)
    for stranger in (studio.bob, studio.ada):
        assert code_of(partial(shares.make, stranger, image_id)) == "no_such_picture"
        assert code_of(partial(shares.revoke, stranger, share_id)) == "no_such_share"
        assert not shares.of(stranger, image_id)
    assert visitors.opened(token_of(shares, studio.alice, image_id)) is not None
    for nonsense in ("", "x" * 43, "\0", "\udc80", str(share_id)):
        assert visitors.opened(nonsense) is None
    for beyond in (0, -1, 2**70):
        assert code_of(partial(shares.make, studio.alice, beyond)) == "no_such_picture"
        assert code_of(partial(shares.revoke, studio.alice, beyond)) == "no_such_share"


def test_what_is_hidden_deleted_turned_off_or_a_disabled_persons_shows_nothing(
    studio: Studio, shares: Shares, visitors: Visitors, sites: Sites, image_id: int, clock: SettableClock
) -> None:
    shares.make(studio.alice, image_id)
    token = token_of(shares, studio.alice, image_id)
    dossiers = Dossiers(studio.database)
    dossiers.hide(image_id, True)
    dossiers.hide(image_id, True)
    assert visitors.opened(token) is None
    assert code_of(lambda: shares.make(studio.alice, image_id)) == "picture_hidden"
    dossiers.hide(image_id, False)
    assert visitors.opened(token) is not None
    sites.change({"sharing": False})
    assert visitors.opened(token) is None
    assert code_of(lambda: shares.make(studio.alice, image_id)) == "sharing_off"
    sites.change({"sharing": True})
    with studio.database.write() as session:
        session.get_one(User, studio.alice).disabled_at = clock.now
    assert visitors.opened(token) is None
    with studio.database.write() as session:
        session.get_one(User, studio.alice).disabled_at = None
    assert visitors.opened(token) is not None
    change(studio, image_id, deleted_at=clock.now)
    assert visitors.opened(token) is None
    assert code_of(lambda: dossiers.hide(image_id, True)) == "no_such_picture"
    assert not shares.of(studio.alice, image_id)
    hidden = [(act, after) for act, _, after in acts(studio.database) if act.startswith("picture.")]
    assert hidden == [
        ("picture.hidden", {"hidden": True, "owner": "alice"}),
        ("picture.unhidden", {"hidden": False, "owner": "alice"}),
    ]


def test_an_order_of_impossible_terms_makes_no_link(
    studio: Studio, shares: Shares, image_id: int, clock: SettableClock
) -> None:
    assert code_of(lambda: shares.make(studio.alice, image_id, ends_at=clock.now)) == "share_end_past"
    assert code_of(lambda: shares.make(studio.alice, image_id, password="12345")) == "password_too_short"
    assert code_of(lambda: shares.make(studio.alice, image_id, password="123456")) == "password_too_common"
    change(studio, image_id, media_type="image/svg+xml")
    assert code_of(lambda: shares.make(studio.alice, image_id)) == "share_tells_description"
    assert not shares.of(studio.alice, image_id)
    for _ in range(MOST):
        shares.make(studio.alice, image_id, with_description=True)
    assert code_of(lambda: shares.make(studio.alice, image_id, with_description=True)) == "too_many_shares"


def test_whoever_guesses_the_password_is_slowed_down_and_written_down(
    studio: Studio, shares: Shares, visitors: Visitors, image_id: int, clock: SettableClock
) -> None:
    share_id = shares.make(studio.alice, image_id, password=" a Boat at dawn ")
    share = visitors.opened(token_of(shares, studio.alice, image_id))
    assert share is not None
    visitors.unlock(share, "a Boat at dawn", "192.0.2.1")
    for guess in range(6):
        with pytest.raises(Problem, match="not the password"):
            visitors.unlock(share, f"guess {guess}", f"192.0.2.{guess}")
    with pytest.raises(Problem, match="too many failed"):
        visitors.unlock(share, "a Boat at dawn", "192.0.2.99")
    clock.forward(61)
    visitors.unlock(share, "a Boat at dawn", "192.0.2.99")
    refused = [(act, subject) for act, subject, _ in acts(studio.database) if act == "share.refused"]
    assert refused == [("share.refused", f"share {share_id}")] * 6


def test_neither_the_database_nor_the_record_tells_the_address_or_the_password(
    studio: Studio, shares: Shares, image_id: int
) -> None:
    share_id = shares.make(studio.alice, image_id, password="a boat at dawn")
    token = token_of(shares, studio.alice, image_id)
    with studio.database.read() as session:
        row = session.get_one(Share, share_id)
        kept = [str(getattr(row, column.key)) for column in Share.__table__.columns]
        recorded = [f"{entry.subject} {entry.before} {entry.after}" for entry in session.scalars(select(AuditEntry))]
    assert not [text for text in (*kept, *recorded) if token in text or "boat" in text]
    (act, subject, after) = acts(studio.database)[-1]
    assert (act, subject) == ("share.made", f"share {share_id}")
    assert after == {"picture": image_id, "ends_at": None, "with_password": True, "with_description": False}


def test_without_the_secret_the_link_works_and_is_not_shown_again(
    studio: Studio, sites: Sites, shares: Shares, visitors: Visitors, image_id: int
) -> None:
    shares.make(studio.alice, image_id)
    token = token_of(shares, studio.alice, image_id)
    other = Shares(studio.database, sites, Vault([b"o" * 32], LINKS))
    assert [link.token for link in other.of(studio.alice, image_id)] == [None]
    rotated = Shares(studio.database, sites, Vault([b"o" * 32, SECRET], LINKS))
    assert [link.token for link in rotated.of(studio.alice, image_id)] == [token]
    assert visitors.opened(token) is not None


@pytest.mark.parametrize("deletes", [False, True])
def test_links_go_with_whoever_leaves(
    studio: Studio, shares: Shares, visitors: Visitors, image_id: int, deletes: bool
) -> None:
    shares.make(studio.alice, image_id)
    token = token_of(shares, studio.alice, image_id)
    leaving = Leaving(studio.database, studio.files, Removal(studio.database, studio.files))
    if deletes:
        leaving.purge(studio.alice)
    else:
        leaving.transfer(studio.alice, studio.bob)
    assert visitors.opened(token) is None
    with studio.database.read() as session:
        assert not session.scalars(select(Share)).all()


def test_what_ended_long_ago_is_forgotten(studio: Studio, shares: Shares, image_id: int, clock: SettableClock) -> None:
    shares.make(studio.alice, image_id, ends_at=clock.now + DAY)
    shares.revoke(studio.alice, shares.make(studio.alice, image_id))
    kept = shares.make(studio.alice, image_id)
    clock.forward(30 * DAY.total_seconds())
    shares.sweep()
    assert len(shares.of(studio.alice, image_id)) == 3
    clock.forward(DAY.total_seconds() + 1)
    shares.sweep()
    assert [link.share.id for link in shares.of(studio.alice, image_id)] == [kept]
