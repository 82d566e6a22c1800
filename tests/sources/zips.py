"""Zipped tables as the providers write them, a few lines each."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

META = '"Variable","Value"\n"SnapshotDate","28-05-2025"\n"ExtractTimestamp","01-06-2025 06:03:12"\n"ExtractType","full"\n"ExtractNumber","140"\n"Version","1.0.0"\n'
ADDRESS = (
    '"EntityNumber","TypeOfAddress","CountryNL","CountryFR","Zipcode","MunicipalityNL","MunicipalityFR","StreetNL",'
    '"StreetFR","HouseNumber","Box","ExtraAddressInfo","DateStrikingOff"\n'
)
GTFS: Mapping[str, str] = {
    "agency.txt": "agency_id,agency_name\nX,Vervoer\n",
    "stops.txt": "\ufeffstop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,zone_colour\n"
    '"S1","Station, ""Noord""",51.05,3.73,1,,red\nS1_1,Spoor 1,51.0501,3.7301,0,S1,red\nS1_2,Spoor 2,51.0502,3.7302,0,S1,\n'
    "S1_in,Ingang,51.05,3.73,2,S1,\nB,Markt,51.06,3.74,,,\nOUD,Opgeheven,51.07,3.75,0,,\nNERGENS,Zonder plaats,,,0,,\n",
    "routes.txt": "route_id,route_short_name,route_type\nIC,IC,103\nBUS,1,3\nVEER,veer,4\n",
    "trips.txt": "route_id,service_id,trip_id\nIC,week,t1\nIC,zondag,t2\nBUS,week,b1\nBUS,extra,b2\nVEER,week,v1\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type\n"
    "t1,8:00:00,8:01:00,S1_1,1,0\nt1,25:10:00,25:10:00,S1_2,2,0\nt1,25:30:00,25:30:00,B,10,0\n"
    "t2,09:00:00,09:00:00,S1_1,1,0\nt2,09:10:00,09:10:00,B,2,0\n"
    "b1,10:00:00,10:00:00,B,1,\nb1,,,S1_2,2,1\nb1,10:10:00,10:10:00,S1_1,3,\n"
    "b2,10:00:00,10:00:00,B,1,\nb2,10:10:00,10:99:00,OUD,2,\nb2,10:12:00,10:12:00,OUD,3,\n"
    "v1,10:00:00,10:00:00,OUD,1,\nv1,10:10:00,10:10:00,B,2,\n"
    "weg,10:00:00,10:00:00,B,1,\nb1,10:20:00,10:20:00,ONBEKEND,2,\n",
    # Two weeks from Monday 2 June 2025; the second Monday is a holiday, on which an extra bus runs.
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "week,1,1,1,1,1,0,0,20250602,20250615\nzondag,0,0,0,0,0,0,1,20250602,20250615\nextra,0,0,0,0,0,0,0,20250602,20250615\n",
    "calendar_dates.txt": "service_id,date,exception_type\nweek,20250609,2\nextra,20250609,1\nextra,20250614,1\n",
    "feed_info.txt": "feed_publisher_name,feed_start_date\nVervoer,20250602\n",
}


def packed(files: Mapping[str, str | bytes], folder: str = "") -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return out.getvalue()


def address_csv(rows: Sequence[Sequence[str]]) -> str:
    """address.csv as KBO writes it: every field between quotes, empty where there is nothing."""
    return ADDRESS + "".join(",".join('"' + f.replace('"', '""') + '"' for f in row) + "\n" for row in rows)


def address(
    street: str, number: str, *, kind: str = "BAET", postcode: str = "9000", country: str = "", off: str = "", box: str = "",
    entity: str = "2.999.999.001", extra: str = "",
) -> list[str]:  # fmt: skip
    """One line of address.csv."""
    town = ["Gent", "Gand"] if not country else ["Rijsel", "Lille"]
    return [entity, kind, country, country, postcode, *town, street, street, number, box, extra, off]
