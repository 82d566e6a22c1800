"""Writes the city file, `voorbeeldstad.toml`: the feeds as a real city would declare them."""

from __future__ import annotations

from pathlib import Path

from sources.voorbeeldstad.generation import Generation

_HEAD = """\
name = "Voorbeeldstad"
nis = "99001"
crs = "EPSG:31370"
as_of = 2025-06-01
publisher.name = "Voorbeeldstad"
publisher.url = "https://voorbeeldstad.example/"
publisher.contact_url = "https://voorbeeldstad.example/contact"
publisher.download_url = "https://voorbeeldstad.example/onbenut/"

[feeds.osm]
source = "osm_extract"
path = "{osm}"
snapshot_on = 2025-05-25
rows_min = 100
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
"""
_FEEDS = {
    "grb": """
[feeds.grb]
source = "be_grb"
path = { adp = "grb/adp_*.json", gbg = "grb/gbg_*.json", knw = "grb/knw_*.json" }
snapshot_on = 2025-05-25
rows_min = 100
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
""",
    "addresses": """
[feeds.addresses]
source = "be_address"
path = "addresses.parquet"
crs = "EPSG:4326"
snapshot_on = 2025-05-01
rows_min = 100
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
""",
    "vacancy_register": """
[feeds.vacancy_register]
source = "vacancy_register"
path = "register.csv"
snapshot_on = 2025-05-28
rows_min = 5
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
visibility = "public"
ignore = ["pnd_district_code", "SHAPE_Length", "SHAPE_Area"]

[feeds.vacancy_register.columns]
register_id = "OBJECTID"
building_number = "pnd_id"
street = "pva_straat"
house_number = "pva_huisnr1"
house_number_to = "pva_huisnr2"
box_number = "pva_busnr"
postcode = "pva_postcode"
municipality = "pnd_district"
part = "reg_entiteit"
kind = "reg_aard"
listed_on = "reg_opnamedatum"
status = "reg_status"

[feeds.vacancy_register.values.status]
opname = "active"
kennisgeving = "announced"
aanvraagschrapping = "striking_off_requested"
beroepOpname = "appealed"

[feeds.vacancy_register.values.kind]
woning = "dwelling"
gebouw = "building"
kamer = "room"
""",
    "vip_register": """
[feeds.vip_register]
source = "vacancy_register"
path = "vip.xlsx"
snapshot_on = 2025-05-20
rows_min = 5
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
visibility = "city"
ignore = ["DossierPrefix", "DossierType", "VIP-InventarisType", "VIP-StatusCode"]

[feeds.vip_register.columns]
register_id = "InternNummer"
building_number = "Dossiernummer"
capakey = "CapaKey"
street = "Straat"
house_number = "Huisnummer"
box_number = "Busnummer"
postcode = "Postcode"
municipality = "Gemeente"
kind = "VIP-TypeOnroerendGoed"
listed_on = "DatumOpname"
status = "VIP-Status"

[feeds.vip_register.values.status]
opname = "active"
kennisgeving = "announced"
aanvraagschrapping = "striking_off_requested"
beroepOpname = "appealed"

[feeds.vip_register.values.kind]
Woning = "dwelling"
Gebouw = "building"
Kamer = "room"
""",
    "heritage": """
[feeds.heritage]
source = "be_heritage"
path = "heritage.geojson"
snapshot_on = 2025-05-25
rows_min = 5
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
""",
    "premises": """
[feeds.premises]
source = "vacancy_register"
path = "premises.csv"
snapshot_on = 2025-05-28
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
visibility = "public"

[feeds.premises.columns]
register_id = "dossier"
capakey = "capakey"
listed_on = "datum"
status = "status"

[feeds.premises.constants]
inventory = "business_premises"

[feeds.premises.values.status]
opname = "active"
""",
    "observations": """
[feeds.observations]
source = "observation_list"
path = "observations.csv"
crs = "EPSG:31370"
snapshot_on = 2025-05-30
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"

[feeds.observations.columns]
observation_id = "id"
kind = "soort"
x = "x"
y = "y"
observed_on = "datum"
""",
    "platform": """
[feeds.platform]
source = "space_request"
path = "adverts.json"
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
visibility = "public"
""",
    "business_parks": """
[feeds.business_parks]
source = "be_business_park"
path = { bedrter = "parks.json", bedrperc = "park_parcels.json" }
snapshot_on = 2025-05-20
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
""",
    "elevation": """
[feeds.elevation]
source = "be_elevation"
path = { dsm = "elevation/dsm.tif", dtm = "elevation/dtm.tif" }
snapshot_on = 2015-03-01
licence = "made up, free of rights"
attribution = "Voorbeeldstad: made-up data, no real place"
""",
}
FEEDS = tuple(_FEEDS)


def write_city_file(path: Path, osm: str, settings: Generation) -> None:
    """Write the city file without the feeds that `settings` leaves out."""
    unknown = settings.without - set(FEEDS)
    if unknown:
        raise ValueError(f"voorbeeldstad: cannot leave out {sorted(unknown)}; known feeds: {', '.join(FEEDS)}")
    feeds = [text for name, text in _FEEDS.items() if name not in settings.without]
    path.write_text(_HEAD.format(osm=osm) + "".join(feeds), encoding="utf-8")
