"""The hard cases of the made-up city: the label in the truth, and what must come out."""

from __future__ import annotations

HARD_CASES: dict[str, str] = {
    "church_untagged": (
        "building=yes with only a name, only amenity=place_of_worship, or only a point of interest inside: "
        "type church, in use"
    ),
    "church_deconsecrated": "disused:amenity=place_of_worship and no present use: type church, out of use",
    "police_now_library": (
        "disused:amenity=police beside amenity=library: type library, former police_station, in use"
    ),
    "police_tower": "building=yes, amenity=police and a name: type police_station, in use",
    "fire_station_now_house": (
        "building=house with was:amenity=fire_station or a historic name: type dwelling, former "
        "fire_station, in use; was: on another key than building does not mean demolished"
    ),
    "school_contradicted": ("old disused=yes, newer named point of interest with opening hours and check_date: in use"),
    "factory_complex": (
        "nine GRB footprints and a chimney on one parcel: nine buildings; the first complex is out of use, "
        "says disused=yes on one footprint and has one register row"
    ),
    "gone_in_register": ("razed:building=yes or demolished:building=yes, not in GRB, still a register row: gone"),
    "gone_in_grb": "razed:building=yes or demolished:building=yes, still in GRB: gone",
    "dwelling_in_register": "a dwelling with an active row: out of use, never in the public audience",
    "nine_units": "nine register rows (one per unit) at one address: one building, out of use",
    "one_of_nine_units": "one register row for one unit of nine: in use, vacant share one ninth",
    "split_parcel": "a VIP row whose capakey is dead, the parcel has become two: found by its address",
    "same_street_two_districts": (
        "a row in a street name and number of several districts: the one in the row's district is out of use"
    ),
    "same_street_other_district": "the same address in another district: in use, no row may reach it",
    "number_range": ("row 12-14 in two columns (csv) or one (vip), one building with two address points: one building"),
    "excel_date_range": ("a VIP house-number range that Excel made a date: found by capakey, or refused with a reason"),
    "street_without_addresses": (
        "a row in a street that the address file lacks, without addr:street in OSM: refused with a reason "
        "(csv) or found by capakey (vip)"
    ),
    "box_number": "house numbers 12A, 12 bus 3 and 12/1: the building at 12A or 12",
    "duplicate_register_key": "two rows with one OBJECTID: one stays, one is rejected with a reason",
    "osm_two_point_ring": "a way of two points: rejected with a reason, the building comes from GRB",
    "osm_unclosed_way": ("a building way that does not close: rejected with a reason, the building comes from GRB"),
    "osm_missing_member": ("a multipolygon whose shell is not in the file: rejected, the building comes from GRB"),
    "lambert_2008": (
        "a GBG feature and its parcel with Lambert 2008 coordinates (+500 km on both axes): rejected with a "
        "reason, the building comes from OSM"
    ),
    "empty_geometry": "a GBG feature without geometry: rejected with a reason, the building comes from OSM",
    "stale_reference": (
        "OSM drew the GRB outline and names another building's: the building under the outline, the name refused"
    ),
    "same_oidn": "a KNW feature and a GBG feature with equal OIDN: two buildings",
}
"""Label in `truth.hard_case` -> what must come out."""

REGISTER_CASES: dict[str, str] = {
    "address": "found by its street, number and district",
    "capakey": "found by its capakey",
    "osm_address": "the address file lacks the street; OSM has the address",
    "refuse_street_missing": "no source has the street: refuse",
    "refuse_no_such_address": "no such house number: refuse",
    "refuse_ambiguous_street": "a street name of several districts, without postcode and district: refuse",
    "shifted_row": "values one column to the left, without date and status: found by its address, not active",
    "gone": "the building is demolished",
}
"""`why` in the register's truth -> how the place can be known; hard-case labels occur there too."""
