"""Voorbeeldstad: a made-up city in the providers' own file formats, with the truth beside it.

`make_city` writes OSM, GRB, addresses, two vacancy registers and heritage as those providers would, and
`truth.parquet` and `register_truth.parquet`, which say what is really so. Nothing in it is copied: names,
numbers
and places are invented. It serves as the demo, as a test bed for accuracy, and as a benchmark.

The city is drawn vectorised: real buildings first (`mix`, `layout`, `building`), then their state and the
traces it
leaves (`state`), then the planted hard cases (`plant`), then every provider's observation of them (`osm_*`,
`grb`,
`addresses`, `register*`, `heritage`, `observations`). `HARD_CASES` says for every planted label what must come out.

`Generation` holds the prevalence and the observation rates. Its defaults lift how often OSM says that an
atypical
building is disused, in use or out of use alike, so that a demo holds enough of them; see there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sources.voorbeeldstad import state
from sources.voorbeeldstad.addresses import keep_book, write_addresses
from sources.voorbeeldstad.advert_faults import ADVERT_FAULTS
from sources.voorbeeldstad.adverts import write_adverts
from sources.voorbeeldstad.arrow import Column, pa
from sources.voorbeeldstad.building import build
from sources.voorbeeldstad.city_file import write_city_file
from sources.voorbeeldstad.elevation import write_elevation
from sources.voorbeeldstad.generation import Generation
from sources.voorbeeldstad.grb import number_buildings, write_buildings, write_parcels
from sources.voorbeeldstad.hard_cases import HARD_CASES, REGISTER_CASES
from sources.voorbeeldstad.heritage import write_heritage
from sources.voorbeeldstad.layout import lay_out
from sources.voorbeeldstad.mix import draw_mix
from sources.voorbeeldstad.observations import observe_others, said_ratio, write_observations, write_premises
from sources.voorbeeldstad.osm_file import write_osm
from sources.voorbeeldstad.osm_objects import OsmObjects, observe
from sources.voorbeeldstad.osm_tags import building_tags, point_tags
from sources.voorbeeldstad.parcel import survey
from sources.voorbeeldstad.parks import write_parks
from sources.voorbeeldstad.plant import plant
from sources.voorbeeldstad.register import is_vip, list_rows
from sources.voorbeeldstad.register_files import write_csv, write_xlsx
from sources.voorbeeldstad.truth import write_register_truth, write_truth

__all__ = ["ADVERT_FAULTS", "HARD_CASES", "REGISTER_CASES", "Generation", "make_city"]


def make_city(folder: Path, buildings: int = 4000, seed: int = 1, settings: Generation | None = None) -> Path:
    """Write the made-up city into `folder`; the same arguments give the same bytes.

    Args:
        folder: made when absent; files of an earlier city in it are replaced.
        buildings: number of real buildings, 2,000 or more (below that hard cases may not fit).
        seed: of everything random.
        settings: prevalence and observation rates; `Generation()` by default.

    Returns:
        Path of the city file, `voorbeeldstad.toml`.

    Raises:
        ValueError: the city is too small for its hard cases, or a feed to leave out is unknown.
    """
    settings = settings or Generation()
    folder.mkdir(parents=True, exist_ok=True)
    mix = draw_mix(seed, buildings, settings)
    plots = lay_out(seed, mix, buildings)
    b = build(seed, plots, mix)
    state.draw_state(seed, b, settings)
    state.draw_osm_forms(seed, b, plots, settings)
    plant(seed, b, plots, mix.cases)
    shapes = b.footprints(plots)
    parcels = survey(b, plots)
    book = keep_book(seed, b, plots, settings)
    oidn = number_buildings(seed, b)

    osm = "osm.osm.pbf" if settings.osm_format == "pbf" else "osm.osm"
    tags, has_osm_address = building_tags(seed, b, plots, oidn)
    objects = observe(seed, b, plots, shapes)
    owner, of_points = point_tags(seed, b)
    write_osm(folder / osm, seed, objects, _of_objects(tags, objects), b.inside(plots, owner), of_points)
    for page in sorted((folder / "grb").glob("*.json")):
        page.unlink()
    if "grb" not in settings.without:
        write_buildings(folder / "grb", seed, b, shapes, oidn)
        write_parcels(folder / "grb", seed, parcels, plots, np.asarray(b.cases["lambert_2008"]))
    if "addresses" not in settings.without:
        write_addresses(folder / "addresses.parquet", seed, b, plots, book)
    rows = list_rows(seed, b, plots, parcels, book, has_osm_address, list(settings.register_status))
    if "vacancy_register" not in settings.without:
        write_csv(folder / "register.csv", rows, plots.districts)
    if "vip_register" not in settings.without:
        write_xlsx(folder / "vip.xlsx", rows, plots.districts)
    if "heritage" not in settings.without:
        write_heritage(folder / "heritage.geojson", seed, b, plots, shapes)
    if "elevation" not in settings.without:
        write_elevation(folder / "elevation", seed, b, shapes)
    found = observe_others(seed, b, settings)
    if "observations" not in settings.without:
        write_observations(folder / "observations.csv", seed, b, plots, found)
    if "premises" not in settings.without:
        write_premises(folder / "premises.csv", seed, b, parcels, found)
    if "business_parks" not in settings.without:
        write_parks(folder, seed, b, plots, found)
    in_vip = is_vip(b, plots)
    in_file = np.where(in_vip, "vip_register" not in settings.without, "vacancy_register" not in settings.without)
    chance = state.probability(b, settings, said_ratio(found, settings), in_file)
    write_truth(folder / "truth.parquet", b, plots, parcels, book, objects, oidn, chance)
    write_register_truth(folder / "register_truth.parquet", rows)
    if "platform" not in settings.without:
        write_adverts(folder, seed, b, plots, oidn, found, settings.adverts)
    city = folder / "voorbeeldstad.toml"
    write_city_file(city, osm, settings)
    return city


def _of_objects(tags: Column, objects: OsmObjects) -> Column:
    """Tags per OSM area: of its building, or its land use."""
    drawn = tags.take(pa.array(objects.building[objects.building >= 0]))
    return pa.concat_arrays([drawn, pa.array([f"landuse={use}" for use in objects.land_use if use], pa.string())])
