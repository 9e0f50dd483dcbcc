"""The tables. Times are UTC, money is integer micro-dollars, a picture's bytes are never here."""

from core.storage.tables.accounts import Invitation, PasswordLink, Session, Throttle, User
from core.storage.tables.api import IdempotencyKey, Token
from core.storage.tables.audit import AuditEntry
from core.storage.tables.base import Base, Key, Moment
from core.storage.tables.creating import Batch, Improvement, Template
from core.storage.tables.keeping import Change, Collection, CollectionPicture, Effect
from core.storage.tables.money import Limit, Price, Tally
from core.storage.tables.sharing import Share
from core.storage.tables.site import Setting
from core.storage.tables.studio import UNDER_WAY, WAITING, Attempt, Connection, Image, Kind, Reference, Request, Shelf
from core.storage.tables.usage import UsageChange, UsageSum, UsageTime

__all__ = [
    "UNDER_WAY",
    "WAITING",
    "Attempt",
    "AuditEntry",
    "Base",
    "Batch",
    "Change",
    "Collection",
    "CollectionPicture",
    "Connection",
    "Effect",
    "IdempotencyKey",
    "Image",
    "Improvement",
    "Invitation",
    "Key",
    "Kind",
    "Limit",
    "Moment",
    "PasswordLink",
    "Price",
    "Reference",
    "Request",
    "Session",
    "Setting",
    "Share",
    "Shelf",
    "Tally",
    "Template",
    "Throttle",
    "Token",
    "UsageChange",
    "UsageSum",
    "UsageTime",
    "User",
]
