"""
Freezing a provider's keys in a file: with it the provider need not be asked, and may be switched off.

The file is the JWK set as it was, with issuer, date and key ids beside `keys`; other readers of JWK sets ignore those
(RFC 7517 §5). House rule: what could not verify a token is not written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from segue.errors import FetchFailed
from segue.json import JsonObject, JsonValue, dump
from segue.migration.discovery import discovery_request, discovery_url, read_discovery
from segue.migration.key_flows import jwks_request, read_jwks
from segue.migration.key_sources import LiveKeys
from segue.migration.web import AsyncWeb, read_json
from segue.tokens.jwk import parse_jwks


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """Keys as they were, ready for a file."""

    issuer: str | None
    """None: only a JWKS URL was known."""
    jwks_url: str
    key_ids: tuple[str, ...]
    skipped: tuple[str, ...]
    keys: tuple[JsonValue, ...]

    def render(self, now: datetime) -> str:
        """The file's text."""
        document: dict[str, JsonValue] = {"pinned_at": now.isoformat(timespec="seconds")}
        if self.issuer is not None:
            document["issuer"] = self.issuer
        document |= {"jwks_uri": self.jwks_url, "key_ids": list(self.key_ids), "keys": list(self.keys)}
        return dump(document).decode() + "\n"


async def fetch_pinned(address: str, web: AsyncWeb, *, allowed_hosts: frozenset[str]) -> Pinned:
    """
    Ask for a provider's keys.

    Args:
        address: its issuer, or the URL of its JWK set.
        web: makes the exchanges.
        allowed_hosts: where discovery may point besides the issuer's own host.

    Raises:
        FetchFailed: neither is there; the text says what was.
        ConfigurationError: an address that is not followed.
    """
    try:
        return await _by_discovery(address, web, allowed_hosts)
    except FetchFailed as undiscovered:
        try:
            return await _fetched(address, web, issuer=None)
        except FetchFailed as error:
            raise FetchFailed(
                f"no issuer ({': '.join(map(str, undiscovered.args))}) and no JWK set "
                f"({': '.join(map(str, error.args))})"
            ) from None


async def _by_discovery(address: str, web: AsyncWeb, allowed_hosts: frozenset[str]) -> Pinned:
    request = discovery_request(discovery_url(address), issuer=address)
    response = await web.exchange(request)
    said = read_json(request, response).get("issuer")
    # People leave out the slash at the end, or add one; nothing else may differ.
    issuer = said if isinstance(said, str) and said.rstrip("/") == address.rstrip("/") else address
    source = LiveKeys(issuer=issuer, allowed_hosts=allowed_hosts)
    url = read_discovery(request, response, issuer=issuer, hosts=source.jwks_hosts)
    return await _fetched(url, web, issuer=issuer)


async def _fetched(url: str, web: AsyncWeb, *, issuer: str | None) -> Pinned:
    request = jwks_request(url, issuer=issuer or url)
    response = await web.exchange(request)
    usable = read_jwks(request, response)
    every = read_json(request, response).get("keys")
    keys = tuple(key for key in every if _is_usable(key)) if isinstance(every, list) else ()
    return Pinned(
        issuer=issuer,
        jwks_url=url,
        key_ids=tuple(sorted(usable.key_ids)),
        skipped=usable.skipped,
        keys=keys,
    )


def _is_usable(key: JsonValue) -> bool:
    alone: JsonObject = {"keys": [key]}
    return len(parse_jwks(alone)) == 1
