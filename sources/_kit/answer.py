"""What an answer says: services put pages of HTML, errors and warnings behind status 200."""

from __future__ import annotations

import html
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from sources._kit.hostile import is_too_deep, open_archive

HEAD_BYTES = 1 << 16
SAID_LETTERS = 1 << 12
"""As much of an answer is searched for words as holds its first sentence."""
DOCUMENT_BYTES = 1 << 20
"""A document up to this size is read whole: an error is a small document."""
UNPACKED_MAX_BYTES = 32 << 30
_EXCEPTION = re.compile(r"<(?:\w+:)?(ExceptionReport|ServiceExceptionReport|Exception|ServiceException)[\s>]")
_REMARK_AT_END = re.compile(r'\]\s*,\s*"remark"\s*:\s*("(?:[^"\\]|\\.)*")\s*\}\s*$')
# Possessive: what has been read as a comment is not tried as two, which takes twice as long for each comment there is.
_HTML = re.compile(r"(?i)(?:<\?xml[^>]*>|<!--.*?-->|\s)*+(?:<!doctype html|<html)")
_DATA = frozenset({"features", "elements", "results", "records", "type"})


def find_error(path: Path) -> tuple[str, str] | None:
    """What is wrong with an answer that came with a good status: what it is and what it says; None if nothing is.

    Known: HTML; ArcGIS `{"error": ...}`; OGC, GeoServer and Opendatasoft exceptions in XML and JSON; an Overpass
    `remark`, which means that the query failed half-way; JSON nested beyond reason; a zip archive that unpacks to more than there is room for.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(max(0, path.stat().st_size - HEAD_BYTES))
        tail = stream.read().decode("utf-8", "replace")
    if head.startswith(b"PK\x03\x04"):
        return _bomb(path)
    text = head.decode("utf-8", "replace").removeprefix("\ufeff").lstrip()
    if text.startswith("<"):
        return _markup(text, tail)
    if text.startswith("{"):
        return _json(path, tail)
    return None


def said(text: str) -> str:
    """The words of a short answer, whatever markup it is in; at most 200 characters.

    Overpass says first whose data they are and where they come from, and only then what is wrong.
    """
    text = text.rpartition(">Error</strong>")[2][:SAID_LETTERS]
    bare = re.sub(r"(?s)<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]*>", " ", text)
    return " ".join(html.unescape(bare).split())[:200]


def shown(error: BaseException) -> str:
    """What an exception says, on one line; at most 200 characters. urllib3 hides its reason behind the whole address."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return " ".join(str(inner or error).split())[:200]


def _markup(text: str, tail: str) -> tuple[str, str] | None:
    if _HTML.match(text):
        return "a page of HTML instead of data", said(text)
    if _EXCEPTION.search(text[:4096]):
        return "the service answers with an error and a good status", said(text)
    if "<osm" in text[:4096] and (remark := _remark(tail) or _remark(text)):
        return "the service gave up half-way", said(remark)
    return None


def _remark(text: str) -> str | None:
    inside = text.partition("<remark>")[2].partition("</remark>")
    return inside[0] if inside[1] else None


def _json(path: Path, tail: str) -> tuple[str, str] | None:
    if is_too_deep(path):
        return "the answer is nested deeper than any data is", ""
    if path.stat().st_size > DOCUMENT_BYTES:
        remark = _REMARK_AT_END.search(tail)
        return ("the service gave up half-way", str(json.loads(remark.group(1)))[:200]) if remark else None
    try:
        body = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None  # several documents, or broken: whoever reads it says so
    if "elements" in body and "remark" in body:
        return "the service gave up half-way", str(body["remark"])[:200]
    words = _error_words(body)
    return ("the service answers with an error and a good status", words) if words is not None else None


def _error_words(body: dict[str, Any]) -> str | None:
    for error in (body.get("error"), *_as_list(body.get("exceptions"))):
        if error and "features" not in body:
            return _words(error) if isinstance(error, dict) else str(error)[:200]
    is_bare = not _DATA & set(body)
    if "error_code" in body or (is_bare and "code" in body and {"description", "message", "title"} & set(body)):
        return _words(body)
    return None


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _words(error: dict[str, Any]) -> str:
    keys = ("code", "error_code", "exceptionCode", "title", "message", "description", "text", "detail", "details")
    return ": ".join(str(error[key]) for key in keys if error.get(key))[:200]


def _bomb(path: Path) -> tuple[str, str] | None:
    try:
        with open_archive(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        return "the archive is damaged or stops short", str(error)
    if unpacked > UNPACKED_MAX_BYTES:
        return "the archive unpacks to more than the ceiling", f"{unpacked} of at most {UNPACKED_MAX_BYTES} bytes"
    return None
