"""Fetching a picture from an address that a provider named, and from nowhere that is none of its business.

No key is ever sent.
"""

from urllib.parse import urljoin, urlsplit

from core.engines.addresses import PORTS
from core.engines.visits import ERRORS, BrokenAnswerError, RefusedAddressError, Visit

MOST_BYTES = 64 * 1024 * 1024
MOST_REDIRECTS = 3


class DownloadRefusedError(Exception):
    """The address leads where no picture is fetched from."""


class DownloadFailedError(Exception):
    """The address is acceptable and did not give the whole file."""


def fetch(address: str, base_url: str, seconds: float) -> bytes:
    """The file at `address`, which may be relative to the origin of `base_url`, within `seconds` in all.

    Addresses that are not public are refused, at every redirect, except on the origin of `base_url` itself: that
    one the administrator chose. Blocks; raises DownloadRefusedError and DownloadFailedError.
    """
    with Visit(base_url, seconds) as visit:
        try:
            return _follow(urljoin(base_url, address), visit)
        except RefusedAddressError as error:
            raise DownloadRefusedError(str(error)) from None
        except BrokenAnswerError as error:
            raise DownloadFailedError(str(error)) from None
        except ERRORS as error:
            raise DownloadFailedError("too slow" if visit.is_over else type(error).__name__) from None


def _follow(url: str, visit: Visit) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(url).scheme.lower() not in PORTS:
            raise RefusedAddressError("neither http nor https")
        with visit.answer("GET", url, {"Accept": "image/*"}) as answer:
            if not answer.is_redirect:
                if answer.status_code != 200:
                    raise BrokenAnswerError(f"HTTP {answer.status_code}")
                return visit.content(answer, MOST_BYTES)
            url = urljoin(url, answer.headers["location"])
    raise BrokenAnswerError("too many redirects")
