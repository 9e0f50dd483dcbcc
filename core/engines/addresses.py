"""Where an address leads: its origin, and whether that lies in the public internet."""

import ipaddress

from urllib3.util import parse_url

PORTS = {"http": 80, "https": 443}
# By their numbers public, and by their use not: where Oracle's and Azure's machines ask who they are.
_OF_CLOUDS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))

Origin = tuple[str, str, int]


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet; for an IPv4 address inside IPv6, whether that one does."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    if any(ip in network for network in _OF_CLOUDS):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def origin_of(url: str) -> Origin:
    parts = parse_url(url)
    scheme = (parts.scheme or "").lower()
    return scheme, (parts.host or "").strip("[]").lower(), parts.port or PORTS.get(scheme, 0)
