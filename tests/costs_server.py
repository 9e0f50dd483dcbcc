"""A stand-in for OpenAI's `GET /v1/organization/costs`, over real HTTP, that pages as it does and can misbehave.

Like the real one: an admin key, lists in brackets, buckets of days of UTC with an empty one where nothing was spent, at
most `limit` buckets a page and an opaque cursor, amounts as numbers or as texts.
"""

import base64
import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

KEY = "sk-admin-canary-0123456789abcdef"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """`value` is JSON as it is sent: `0.06` or `"0.0600000000000000"`."""

    item: str | None
    value: str
    project: str = "proj_imagier"
    currency: str = "usd"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


class CostsServer:
    """`lines` are what was spent on each day; `answers` are given first, one for each request, whatever is asked."""

    def __init__(self, largest_page: int = 180):
        self.lines: dict[date, list[Line]] = {}
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.groups = True  # whether it tells what each amount is for
        self.largest_page = largest_page
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        if self.answers:
            return self.answers.pop(0)
        if asked.path != "/v1/organization/costs":
            return error(404, "Invalid URL")
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return error(401, f"Incorrect API key provided: {asked.headers.get('authorization', '')[7:]}.")
        try:
            return Answer(200, self._page(asked.query))
        except (KeyError, ValueError) as refusal:
            return error(400, f"Invalid parameters: {refusal}")

    def _page(self, query: dict[str, list[str]]) -> bytes:
        start, end = int(query["start_time"][0]), int(query["end_time"][0])
        limit = int(query.get("limit", ["7"])[0])
        if not 1 <= limit <= 180 or query.get("bucket_width") != ["1d"] or start % DAY:
            raise ValueError("limit, bucket_width or start_time")
        if "page" in query:
            start = int(base64.b64decode(query["page"][0], validate=True))
        stop = min(end, start + min(limit, self.largest_page) * DAY)
        buckets = [self._bucket(moment, query) for moment in range(start, stop, DAY)]
        following = base64.b64encode(str(stop).encode()).decode() if stop < end else None
        return page(*buckets, following=following)

    def _bucket(self, start: int, query: dict[str, list[str]]) -> str:
        projects = query.get("project_ids[]")
        lines = self.lines.get(datetime.fromtimestamp(start, UTC).date(), [])
        grouped = self.groups and "line_item" in query.get("group_by[]", [])
        return bucket(
            start,
            *(
                Line(line.item if grouped else None, line.value, line.project, line.currency)
                for line in lines
                if projects is None or line.project in projects
            ),
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle(self) -> None:
                with suppress(ConnectionError):  # whoever asked had enough
                    super().handle()

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = server.answer(Asked(parts.path, parse_qs(parts.query), headers))
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler


def page(*buckets: str, following: str | None = None, has_more: bool | None = None) -> bytes:
    more = following is not None if has_more is None else has_more
    data = ", ".join(buckets)
    return (
        f'{{"object": "page", "data": [{data}], "has_more": {json.dumps(more)}, "next_page": {json.dumps(following)}}}'
    ).encode()


def bucket(start: int, *lines: Line) -> str:
    results = ", ".join(
        f'{{"object": "organization.costs.result", "amount": {{"value": {line.value},'
        f' "currency": {json.dumps(line.currency)}}}, "line_item": {json.dumps(line.item)}, "project_id": null}}'
        for line in lines
    )
    return f'{{"object": "bucket", "start_time": {start}, "end_time": {start + DAY}, "results": [{results}]}}'


def error(status: int, message: str, **headers: str) -> Answer:
    """As OpenAI says it."""
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    return Answer(status, json.dumps(body).encode(), headers)


def seconds(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(seconds=1)
