"""The parts of a running Imagier, put together once. Only `build` knows which part gets which."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from core.accounts.acts import Acts
from core.accounts.people import People
from core.accounts.refused_tokens import RefusedTokens
from core.accounts.sessions import Sessions
from core.accounts.throttle import Throttle
from core.accounts.tokens import Tokens
from core.catalog import catalog
from core.catalog.catalog import Catalog
from core.connections.connections import Connections, kind_of
from core.connections.drafts import Draft
from core.connections.keys import renew_keys
from core.connections.lanes import LiveLanes
from core.engines.connections import Lane, Lanes, lanes_of
from core.ledger.ledger import Ledger
from core.ledger.limits import Limits
from core.ledger.prices import Prices
from core.ledger.usage.service import Usage
from core.ledger.usage.state import States
from core.members.invitations import Invitations
from core.members.joining import Joining
from core.members.leaving import Leaving
from core.members.links import PasswordLinks
from core.members.members import Members
from core.members.roster import Roster
from core.registration import Registration
from core.settings import Settings, SettingsError
from core.site import Sites
from core.storage.database import Database
from core.storage.files import Files
from core.storage.schema import open_database
from core.storage.vault import LINKS, Vault
from core.studio.batches import Batches
from core.studio.board import Boards
from core.studio.changes import Changes
from core.studio.choices import LastChoices
from core.studio.collections import Collections
from core.studio.dossier import Dossiers
from core.studio.gallery import Gallery
from core.studio.improving import Improvements
from core.studio.inquiry import Inquiries
from core.studio.lineage import Lineage
from core.studio.needs import Needs
from core.studio.news import News
from core.studio.notes import Notes
from core.studio.records import Records
from core.studio.removal import Removal
from core.studio.requests import Requests
from core.studio.retention import Retention
from core.studio.shares import Shares
from core.studio.status import Statuses
from core.studio.templates import Templates
from core.studio.visitors import Visitors
from core.studio.worker import Worker


@dataclass(frozen=True, slots=True)
class Services:
    """`setup_code` is what the first visitor has to know, None if the server is reached from this machine alone."""

    settings: Settings
    database: Database
    files: Files
    catalog: Catalog
    lanes: Lanes
    connections: Connections
    site: Sites
    people: People
    registration: Registration
    sessions: Sessions
    throttle: Throttle
    tokens: Tokens
    refused_tokens: RefusedTokens
    roster: Roster
    members: Members
    joining: Joining
    links: PasswordLinks
    invitations: Invitations
    leaving: Leaving
    acts: Acts
    requests: Requests
    batches: Batches
    improvements: Improvements
    prices: Prices
    limits: Limits
    ledger: Ledger
    boards: Boards
    gallery: Gallery
    collections: Collections
    notes: Notes
    changes: Changes
    lineage: Lineage
    templates: Templates
    choices: LastChoices
    records: Records
    removal: Removal
    retention: Retention
    shares: Shares
    visitors: Visitors
    statuses: Statuses
    news: News
    inquiries: Inquiries
    needs: Needs
    dossiers: Dossiers
    usage: Usage
    states: States
    worker: Worker
    setup_code: str | None


def build(
    settings: Settings, lanes: Sequence[Lane] | None = None, listens_beyond_this_machine: bool | None = None
) -> Services:
    """Everything but the started worker. `lanes` replaces the engines in tests. SettingsError: one clear sentence."""
    database = open_database(settings)
    secret = settings.secret()
    files = _files(settings)
    models = catalog.load()
    vault = Vault(settings.secrets())
    live = LiveLanes(database, lanes if lanes is not None else lanes_of(settings, models), models, vault)
    connections = Connections(database, live, models, vault, _of_environment(settings))
    renew_keys(database, vault)
    sites = Sites(database, settings)
    removal = Removal(database, files)
    prices = Prices(database)
    prices.load_catalogue()
    ledger = Ledger(database, sites=sites)
    people, throttle = People(database, settings), Throttle(database, secret)
    news = News()
    worker = Worker(database, files, live, secret, news=news)
    requests = Requests(
        database, files, models, live, wake=worker.wake, ledger=ledger, news=news, sites=sites, taking=worker.taking
    )
    beyond = (
        settings.listens_beyond_this_machine if listens_beyond_this_machine is None else listens_beyond_this_machine
    )
    return Services(
        settings=settings,
        database=database,
        files=files,
        catalog=models,
        lanes=live,
        connections=connections,
        site=sites,
        people=people,
        registration=Registration(people, throttle, sites),
        sessions=Sessions(database, settings),
        throttle=throttle,
        tokens=Tokens(database, settings.api_calls_per_minute),
        refused_tokens=RefusedTokens(database),
        acts=Acts(database),
        requests=requests,
        batches=Batches(database, models, requests),
        improvements=Improvements(database, sites, live, connections, ledger),
        roster=Roster(database, sites),
        members=Members(database),
        joining=Joining(database),
        links=PasswordLinks(database, settings.password_length),
        invitations=Invitations(database, settings.password_length),
        leaving=Leaving(database, files, removal),
        prices=prices,
        limits=Limits(database),
        ledger=ledger,
        boards=Boards(database, live),
        gallery=Gallery(database),
        collections=Collections(database),
        notes=Notes(database),
        changes=Changes(database, removal),
        lineage=Lineage(database, models, requests),
        templates=Templates(database),
        choices=LastChoices(database),
        records=Records(database),
        statuses=Statuses(database, live),
        removal=removal,
        retention=Retention(database, sites, removal),
        shares=Shares(database, sites, Vault(settings.secrets(), LINKS)),
        visitors=Visitors(database, files, sites, throttle),
        news=news,
        inquiries=Inquiries(database),
        needs=Needs(database, sites, models, settings.data_dir),
        dossiers=Dossiers(database),
        usage=Usage(database, sites),
        states=States(database, sites),
        worker=worker,
        setup_code=_setup_code(secret) if beyond else None,
    )


def _of_environment(settings: Settings) -> Draft:
    """What the environment says of the provider, as if an administrator had typed it."""
    key = settings.openai_api_key
    return Draft(
        kind=kind_of(settings.openai_base_url),
        base_url=settings.openai_base_url or "",
        key=key.get_secret_value() if key else "",
        organisation=settings.openai_organisation or "",
        project=settings.openai_project or "",
        deadline=settings.deadline,
        models=dict.fromkeys(settings.model_names),
    )


def _files(settings: Settings) -> Files:
    try:
        files = Files.open(settings.files)
        files.check()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"IMAGIER_FILES_URL: {settings.files}: {reason.rstrip('.')}.") from None
    return files


def _setup_code(secret: bytes) -> str:
    """The same in every process of an installation; worthless once an administrator exists."""
    digest = hmac.new(secret, b"set-up code", hashlib.sha256).hexdigest()
    return "-".join((digest[:4], digest[4:8], digest[8:12]))


_current: Services | None = None


def use(services: Services) -> None:
    """What the pages work with in this process."""
    global _current
    _current = services


def current() -> Services:
    if _current is None:
        raise RuntimeError("app.py has not put the services together")
    return _current
