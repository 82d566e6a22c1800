"""What a row of a field list may say, as one query: every fault of every row with column, value and next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from flows.fieldwork.columns import ACCESS, CHECKED, FILLED, LIST_ID, NOTE_MAX, PHOTO_MAX, USES
from flows.fieldwork.read import ROWS
from sources._kit.duck import literal

WRONG = "field_wrong"
SOUND = "field_sound"
JUDGED = "field_judged"
YES, NO = ("yes", "ja", "true", "1"), ("no", "nee", "false", "0")
_MONEY = r"[=+\-@]"  # what a spreadsheet takes for the beginning of a formula
# An address of mail, a telephone number, a national number, a number plate of this country.
_PERSONAL = r"[\w.+-]+@[\w-]+\.[a-z]{2,}|(\+|\b00|\b0)\d([ ./-]?\d){7,10}\b|\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b|\b\d-[a-z]{3}-\d{3}\b"
_PHOTO = r"[\w][\w .()/-]*\.(jpe?g|png|heic|webp)"


@dataclass(frozen=True)
class Rule:
    """A fault of a column where `test` is true. A fault of a key leaves nothing of the row to go by."""

    column: str
    test: str
    what: str
    next_step: str
    is_key: bool = False


def _listed(words: object) -> str:
    return ", ".join(literal(word) for word in words)  # type: ignore[attr-defined]


def _rules(city: str, today: date) -> list[Rule]:
    uses, names = _listed(USES), ", ".join(USES)
    long = "it is longer than any such cell: shorten it"
    again = "take the row from the list as it was drawn"
    return [
        Rule("row_id", "defect IS NOT NULL", "the line does not fit the header", "look for a stray separator or quotation mark", True),
        Rule("list_id", f"NOT coalesce(regexp_full_match(list_id, {literal(LIST_ID)}), false)", "no id of a list", again, True),
        Rule("list_id", f"NOT starts_with(list_id, {literal(city + '-')})", "a list of another city", "import it for that city", True),
        Rule("list_id", "is_list AND l_building IS NULL AND NOT knows_list", "no such list was drawn here",
             "import it where it was drawn", True),
        Rule("row_id", "knows_list AND l_building IS NULL", "the list has no such row", again, True),
        Rule("building_id", "l_building IS NOT NULL AND building_id IS DISTINCT FROM l_building",
             "the list has another building in this row", again, True),
        Rule("row_id", "twice", "the row is twice in the file, and says two things", "keep the one that holds", True),
        Rule("seen_use", "seen_use IS NULL AND NOT coalesce(is_objection, false)", "it does not say what was seen",
             f"one of {names}"),
        Rule("seen_use", f"seen_use NOT IN ({uses})", "no such word for what was seen", f"one of {names}"),
        Rule("seen_on", "seen_use IS NOT NULL AND seen_on IS NULL", "the day is missing", "write it as 2026-01-31"),
        Rule("seen_on", "seen_on IS NOT NULL AND day IS NULL", "no day", "write it as 2026-01-31"),
        Rule("seen_on", f"day > DATE {literal(today)}", "a day in the future", "write the day of the visit"),
        Rule("seen_on", "day < DATE '2000-01-01'", "a day long before there were lists", "write the day of the visit"),
        Rule("share_empty", "share_empty IS NOT NULL AND share IS NULL", "no number", "a share from 0 to 1, such as 0.4"),
        Rule("share_empty", "share NOT BETWEEN 0 AND 1", "no share", "a share from 0 (nothing is empty) to 1 (all of it)"),
        Rule("share_empty", "(seen_use = 'out_of_use' AND share = 0) OR (seen_use = 'in_use' AND share = 1) "
             "OR (seen_use = 'partly' AND share IN (0, 1))", "the share contradicts what was seen", "mend one of the two"),
        Rule("access", f"access NOT IN ({_listed(ACCESS)})", "no such word for access", f"one of {', '.join(ACCESS)}, or nothing"),
        Rule("note", f"length(note) > {NOTE_MAX}", "a note that is too long", long),
        Rule("note", f"regexp_matches(note, {literal(_PERSONAL)}, 'i')", "a note with what looks like personal data",
             "write of the building only"),
        *(Rule(name, f"regexp_matches({name}, '^{_MONEY}')", "a cell that a spreadsheet takes for a formula",
               "let it begin with a letter") for name in ("note", "photo", "access")),
        Rule("photo", f"length(photo) > {PHOTO_MAX}", "a file name that is too long", long),
        Rule("photo", f"NOT regexp_full_match(photo, {literal(_PHOTO)}, 'i') OR contains(photo, '..')", "no file name of a photograph",
             "a name such as DCIM/gevel.jpg, relative to the list"),
        Rule("objection", "objection IS NOT NULL AND is_objection IS NULL", "neither yes nor no", "yes, no, or nothing"),
    ]  # fmt: skip


def judge(con: duckdb.DuckDBPyConnection, lists: str, city: str, today: date) -> None:
    """Hold the rows that were filled in to the rules.

    Makes `field_wrong` (_row, column_name, value, what, next_step, is_key) and `field_sound`: rows without a fault of the key,
    with `day`, `share`, `is_objection` and whether they have another fault (`is_wrong`).

    Args:
        con: connection with `field_given`.
        lists: query over all rows that were ever drawn: list_id, row_id, building_id, as text.
        city: slug of the city.
        today: the last day that somebody can have seen.
    """
    filled = " OR ".join(f"{name} IS NOT NULL" for name in FILLED)
    cells = ", ".join(name for name in CHECKED if name not in ("list_id", "row_id"))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {JUDGED} AS
        WITH drawn AS ({lists})
        SELECT g.*, l.building_id AS l_building, g.list_id IN (SELECT list_id FROM drawn) AS knows_list,
            regexp_full_match(g.list_id, {literal(LIST_ID)}) AND starts_with(g.list_id, {literal(city + "-")}) AS is_list,
            CAST(coalesce(try_strptime(g.seen_on, ['%Y-%m-%d', '%d/%m/%Y', '%d-%m-%Y', '%Y/%m/%d']),
                try_cast(CASE WHEN regexp_matches(g.seen_on, '^\\d{{4}}-\\d{{2}}-\\d{{2}}[ T]') THEN g.seen_on END AS TIMESTAMP)) AS DATE)
                AS day,
            CASE WHEN isfinite(try_cast(replace(g.share_empty, ',', '.') AS DOUBLE))
                THEN try_cast(replace(g.share_empty, ',', '.') AS DOUBLE) END AS share,
            CASE WHEN lower(g.objection) IN ({_listed(YES)}) THEN true WHEN lower(g.objection) IN ({_listed(NO)}) THEN false END
                AS is_objection,
            count(DISTINCT row({cells.replace("building_id", "g.building_id")})) OVER (PARTITION BY g.list_id, g.row_id) > 1 AS twice
        FROM {ROWS} AS g LEFT JOIN drawn AS l ON l.list_id = g.list_id AND l.row_id = g.row_id
        WHERE {filled} OR defect IS NOT NULL
    """)
    faults = " UNION ALL ".join(
        f"SELECT _row, {number} AS place, {literal(rule.column)} AS column_name, left({rule.column}, 60) AS value, "
        f"{literal(rule.what)} AS what, {literal(rule.next_step)} AS next_step, {rule.is_key} AS is_key "
        f"FROM {JUDGED} WHERE {rule.test}"
        for number, rule in enumerate(_rules(city, today))
    )
    # One fault a column: that a day is no day says enough of it.
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {WRONG} AS
        SELECT * EXCLUDE (place) FROM ({faults})
        QUALIFY row_number() OVER (PARTITION BY _row, column_name ORDER BY place) = 1 ORDER BY _row, column_name
    """)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {SOUND} AS
        SELECT *, _row IN (SELECT _row FROM {WRONG}) AS is_wrong FROM {JUDGED}
        WHERE _row NOT IN (SELECT _row FROM {WRONG} WHERE is_key)
    """)
