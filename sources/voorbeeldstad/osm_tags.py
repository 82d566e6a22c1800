"""What OSM says about a building: its tags as text columns, and those of points of interest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sources.voorbeeldstad import names
from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Ints, starts
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.state import ABSORBED, MERGED, OWN, SPLIT
from sources.voorbeeldstad.text import column, day_text, draw, grouped, join, pick
from sources.voorbeeldstad.typology import CATERING, INDEX, SHOPS, TYPES

_UNLINKED = (OWN, SPLIT, MERGED, ABSORBED)
_HOURS = ("Mo-Fr 09:00-17:00", "Tu-Sa 10:00-18:00", "Mo-Su 08:00-20:00", "We-Su 11:00-22:00")


@dataclass
class TagList:
    """Tags in long form, gathered piece by piece: owner, `key=value` (escaped for OPL)."""

    owners: list[Ints] = field(default_factory=list)
    tags: list[Column] = field(default_factory=list)

    def add(self, owner: Ints, key: str, values: Column | str) -> None:
        """Give every owner a value of `key`."""
        prefix = key.replace(" ", "%20%") + "="
        text = escape(values) if isinstance(values, pa.Array) else escape(pa.array([values]))[0].as_py()
        tags = join(prefix, text) if isinstance(values, pa.Array) else pa.repeat(prefix + text, len(owner))
        self.owners.append(owner)
        self.tags.append(tags)

    def columns(self, count: int) -> Column:
        """`key=value,key=value` per owner 0 .. count - 1, in the order they were added."""
        owner = np.concatenate([np.zeros(0, dtype=np.int64), *self.owners])
        order = np.argsort(owner, kind="stable")
        tags = pa.chunked_array(self.tags, pa.string()).combine_chunks().take(pa.array(order))
        return grouped(tags, starts(np.bincount(owner, minlength=count)))


def escape(values: Column) -> Column:
    """OPL's escapes for the characters that separate its fields."""
    for mark, code in (("%", "25"), (" ", "20"), (",", "2c"), ("=", "3d"), ("@", "40")):
        values = pc.replace_substring(values, mark, f"%{code}%")
    return values


def building_tags(seed: int, b: Buildings, plots: Plots, oidn: Ints) -> tuple[Column, Bools]:
    """Tags per building (OPL text, without the reference to GRB), and which buildings carry an address."""
    rng = draw(seed, "osm tags")
    count = len(b)
    # Planted tags replace drawn ones; a demolished building says nothing else.
    planted = np.zeros(count, dtype=bool)
    planted[np.fromiter(b.osm_tags, np.int64, len(b.osm_tags))] = True
    drawn = b.in_osm & ~planted & ~b.gone
    tags = TagList()
    where = np.flatnonzero
    razed = where(b.gone & ~planted)
    tags.add(razed, "razed:building", "yes")

    value = rng.integers(0, 12, count)
    pool = [entry.building[i % len(entry.building)] for entry in TYPES for i in range(12)]
    abandoned = drawn & b.disused & (value % 4 == 0)
    renamed = drawn & b.prefixed & (value % 5 == 0)
    plain = where(drawn & ~renamed & ~b.is_chimney)
    tags.add(plain, "building", pick(pool, b.kind[plain] * 12 + value[plain]))
    former = where(renamed)
    tags.add(former, "abandoned:building", pick(pool, b.kind[former] * 12 + value[former]))
    tags.add(where(drawn & b.is_chimney), "man_made", "chimney")
    tags.add(where(drawn & b.disused & ~abandoned), "disused", "yes")
    tags.add(where(abandoned), "abandoned", "yes")
    _uses(tags, b, drawn, rng)
    named = where(drawn & (rng.random(count) < np.where(b.is_atypical(), 0.75, 0.3)) & ~b.is_chimney)
    name = names.buildings(seed, b.kind).take(pa.array(named))
    known = np.asarray(pc.is_valid(name))
    tags.add(named[known], "name", name.drop_null())

    addressed = b.in_osm & b.is_main & ~b.gone & (rng.random(count) < 0.5)
    addressed[np.asarray(b.cases.get("street_without_addresses", []), dtype=np.int64)] = False
    index = where(addressed)
    tags.add(index, "addr:street", plots.street_names().take(pa.array(b.plot[index])))
    tags.add(index, "addr:housenumber", plots.house_numbers().take(pa.array(b.plot[index])))
    tall = where(drawn & b.is_main & (rng.random(count) < np.where(b.levels > 4, 0.5, 0.1)))
    tags.add(tall, "building:levels", column(b.levels[tall]))
    high = where(drawn & b.is_main & (rng.random(count) < 0.03))
    tags.add(high, "height", column(np.round(3.1 * b.levels[high] + 2, 1)))
    old = where(drawn & b.is_main & (rng.random(count) < 0.03))
    tags.add(old, "start_date", column(rng.integers(1880, 2015, len(old))))
    hours = where(drawn & b.present)
    tags.add(hours, "opening_hours", pick(_HOURS, rng.integers(0, len(_HOURS), len(hours))))
    checked = where(drawn & ((b.disused & (value % 2 == 0)) | (rng.random(count) < 0.004)))
    tags.add(checked, "check_date", day_text("2022-01-01", rng.integers(0, 1200, len(checked))))
    for i, extra in b.osm_tags.items():
        for key, text in extra.items():
            tags.add(np.array([i]), key, pa.array([text]))
    linked = where(b.in_osm & b.in_grb & ~np.isin(b.osm_form, _UNLINKED) & ~b.is_structure() & ~b.gone)
    drawn_from = np.arange(count)
    # Each names the next one.
    stale = np.asarray(b.cases["stale_reference"], dtype=np.int64)
    drawn_from[stale] = np.roll(stale, -1)
    tags.add(linked, "source:geometry:ref", join("Gbg/", oidn[drawn_from[linked]]))
    tags.add(linked, "source:geometry:date", day_text("2012-01-01", rng.integers(0, 4400, len(linked))))
    return tags.columns(count), addressed


def _uses(tags: TagList, b: Buildings, drawn: Bools, rng: np.random.Generator) -> None:
    """The main tag of every type, with a lifecycle prefix where it is a former one."""
    said = drawn & (rng.random(len(b)) < 0.85)
    choice = rng.integers(0, 1 << 30, len(b))
    for index, entry in enumerate(TYPES):
        if not entry.tag:
            continue
        key, value = entry.tag.split("=")
        here = said & (b.kind == index) & ~b.is_chimney
        if entry.code == "shop":
            here &= ~b.shop_vacant
            tags.add(np.flatnonzero(drawn & (b.kind == index) & b.shop_vacant), key, "vacant")
        pool = {"shop": SHOPS, "cafe_restaurant": CATERING}.get(entry.code, (value,))
        now = np.flatnonzero((here & ~b.prefixed) | (drawn & (b.kind == index) & b.former_and_present & ~b.prefixed))
        tags.add(now, key, pick(pool, choice[now] % len(pool)))
        before = np.flatnonzero(drawn & (b.kind == index) & b.prefixed)
        tags.add(before, f"disused:{key}", pick(pool, choice[before] % len(pool)))
    # A present use beside a former one: most were post offices, some police stations.
    mixed = np.flatnonzero(drawn & b.former_and_present)
    office = choice[mixed] % 3 == 0
    tags.add(mixed[office], "disused:office", "government")
    tags.add(mixed[~office], "was:amenity", "post_office")
    b.former[mixed] = np.where(office, INDEX["office"], INDEX["post_office"])


def point_tags(seed: int, b: Buildings) -> tuple[Ints, Column]:
    """Points of interest inside buildings: the building of every point, and its tags."""
    rng = draw(seed, "points")
    names_of = names.buildings(seed + 1, b.kind)
    trade = np.isin(b.kind, [INDEX["shop"], INDEX["cafe_restaurant"]]) & ~b.shop_vacant
    inside = b.in_osm & ~b.gone & b.present & b.is_main & (trade | (rng.random(len(b)) < 0.3))
    planted = np.fromiter(b.poi_tags, np.int64, len(b.poi_tags))
    inside[planted] = False
    inside[np.fromiter(b.osm_tags, np.int64, len(b.osm_tags))] = False
    owner = np.flatnonzero(inside)
    kind = b.kind[owner]
    tags = TagList()
    place = np.arange(len(owner))
    choice = rng.integers(0, 1 << 30, len(owner))
    for index, entry in enumerate(TYPES):
        here = np.flatnonzero(kind == index)
        key, value = entry.tag.split("=") if entry.tag else ("office", "company")
        pool = {"shop": SHOPS, "cafe_restaurant": CATERING}.get(entry.code, (value,))
        tags.add(here, key, pick(pool, choice[here] % len(pool)))
    name = names_of.take(pa.array(owner))
    known = np.asarray(pc.is_valid(name))
    tags.add(place[known], "name", name.drop_null())
    tags.add(place, "opening_hours", pick(_HOURS, choice % len(_HOURS)))
    for number, extra in enumerate(b.poi_tags.values()):
        for key, text in extra.items():
            tags.add(np.array([len(owner) + number]), key, pa.array([text]))
    return np.concatenate([owner, planted]), tags.columns(len(owner) + len(planted))
