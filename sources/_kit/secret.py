"""Keys of services: never in a city file, a manifest, a log or an error. A city file says `${ONBENUT_SECRET_NAME}` where the key goes.

The placeholder stands in everything that is kept; the environment fills it in when a request is sent, and what a service sends
back with the key in it is turned into the placeholder again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from sources._kit.errors import CityFileError, FetchRefusedError

PREFIX = "ONBENUT_SECRET_"
# As it is written, and as it is once it has been through an address.
_BLANK = re.compile(r"\$(?:\{|%7[Bb])(" + PREFIX + r"[A-Z0-9_]+)(?:\}|%7[Dd])")
_NAMES = {
    "token", "accesstoken", "authtoken", "apitoken", "apikey", "xapikey", "key", "accesskey", "subscriptionkey", "password", "passwd",
    "pwd", "secret", "clientsecret", "auth", "authorization", "sig", "signature",
}  # fmt: skip
# A column of a list may be called `key`; these tables hold names of columns and words, and no keys of services.
_WORDS = ("columns", "values", "constants", "ignore")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def blanks(text: str) -> list[str]:
    """Names of the environment variables that a text asks for."""
    return _BLANK.findall(text)


def without_blanks(text: str) -> str:
    """The text without its placeholders."""
    return _BLANK.sub("", text)


def reveal(text: str, url: str) -> str:
    """The text as it is sent to `url`: placeholders filled in from the environment.

    Raises:
        FetchRefusedError: a variable is not set, or the key would travel without TLS.
    """
    names = blanks(text)
    place = urlsplit(url)
    if names and place.scheme != "https" and place.hostname not in _LOOPBACK:
        raise FetchRefusedError(
            "a key would be sent without TLS", value=place.hostname, next_step="write the address with https://"
        )
    for name in names:
        if not os.environ.get(name):
            raise FetchRefusedError(
                "an environment variable that the city file asks for is not set",
                value=name,
                next_step=f"export {name}=...",
            )
    return _BLANK.sub(lambda found: quote(os.environ[found.group(1)], safe=""), text)


def conceal(text: str, asked: str) -> str:
    """The text with every key that `asked` has a placeholder for turned into that placeholder again."""
    for name in blanks(asked):
        key = os.environ.get(name, "")
        for shape in sorted({key, quote(key, safe=""), quote_plus(key)}, key=len, reverse=True):
            text = text.replace(shape, f"${{{name}}}") if shape else text
    return text


def refuse_secrets(table: Mapping[str, Any], **where: object) -> None:
    """Refuse a city file that holds a key, a password or an address with one.

    Raises:
        CityFileError: naming the place, never the value.
    """
    for key in _found(table, ()):
        raise CityFileError(
            "a key or password has no place in a city file, which is passed around and kept in version control",
            column=".".join(key),
            next_step=f"write ${{{PREFIX}NAME}} in its place, set that in the environment of the run, and give the service a new key",
            **where,
        )


def _found(value: Any, key: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in _WORDS:
                yield from _found(one, (*key, str(name)))
    elif isinstance(value, list):
        for one in value:
            yield from _found(one, key)
    elif isinstance(value, str) and without_blanks(value).strip() and (_is_key(key) or _in_address(value)):
        yield key


def _is_key(key: tuple[str, ...]) -> bool:
    return bool(key) and _plain(key[-1]) in _NAMES


def _in_address(text: str) -> bool:
    if "://" not in text:
        return False
    try:
        place = urlsplit(text)
    except ValueError:
        return False  # no address at all: that is told where addresses are held to what they are
    has_user = place.password is not None and without_blanks(place.password) != ""
    return has_user or any(_plain(name) in _NAMES and without_blanks(value) for name, value in parse_qsl(place.query))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
