"""The command line. Each command imports what it needs when it is called: those that only read start at once."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.workspace import workspace
from sources._kit.errors import GateError, OnbenutError

DONE_IN_PART = 3
DEFECT = 70  # as sysexits.h names an internal error; 2 is what Typer gives for wrong usage

app = typer.Typer(
    help="Finds the atypical buildings of a city that stand empty or are underused, and explains why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Audience(StrEnum):
    """Who a layer is for."""

    PUBLIC = "public"
    CITY = "city"


class Language(StrEnum):
    """What an explanation is written in."""

    NL = "nl"
    EN = "en"


class ChangeKind(StrEnum):
    """What happened to a building of the layer."""

    APPEARED = "appeared"
    GONE = "gone"
    MOVED_BAND = "moved_band"
    RESCORED = "rescored"
    REDESCRIBED = "redescribed"


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


CityName = Annotated[str, typer.Argument(metavar="CITY", help="Slug of a city, or path of a city file.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


@app.command()
def demo(
    buildings: Annotated[int, typer.Option(help="How many buildings the made-up city has.")] = 4000,
    seed: Annotated[int, typer.Option(help="Of everything random in it.")] = 1,
) -> None:
    """Run the made-up city, end to end, offline."""
    from flows.commands.demo import demo as command

    raise typer.Exit(command(workspace(), buildings, seed))


@app.command()
def run(
    city: CityName,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="The day the city is looked at. A day before the newest run's is made of what was stored by then, beside the city.",
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Stored snapshots only.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Score the newest run again with the numbers of this TOML, beside the city."),
    ] = None,
    accept: Annotated[
        str | None, typer.Option(metavar="GATE[,GATE]", help="Gates that may fail in this run; needs --because.")
    ] = None,
    because: Annotated[
        str | None, typer.Option(metavar="REASON", help="Why; it is kept and published, so no names.")
    ] = None,
    decided_by: Annotated[
        str | None, typer.Option(metavar="ROLE", help="In which role that is decided; default operator.")
    ] = None,
) -> None:
    """Fetch, build, check and publish a city.

    Exit status 3: the run went well, but not every product could be made.
    """
    from flows.commands.run import run as command

    day = as_of.date() if as_of else None
    raise typer.Exit(command(city, workspace(), day, offline, weights, (accept, because, decided_by)))


@app.command()
def status(
    city: Annotated[str | None, typer.Argument(metavar="[CITY]", help="Without: all cities that were run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show feeds, refusals and the last run."""
    from flows.commands.status import status as command

    raise typer.Exit(command(city, workspace(), as_json))


@app.command()
def changes(
    city: CityName,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Runs of this day and later.")],
    audience: Annotated[Audience, typer.Option(help="Whose layer.")] = Audience.PUBLIC,
    kind: Annotated[ChangeKind | None, typer.Option(help="Only these.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which buildings appeared, vanished, moved band or were scored anew, and what did it: data, method or time."""
    from flows.commands.changes import changes as command

    raise typer.Exit(command(city, workspace(), since.date(), audience.value, kind.value if kind else None, as_json))


@app.command()
def retention(
    city: CityName,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove it; without, only say what is past its days.")
    ] = False,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="You looked at the clock, and this is the day."),
    ] = None,
) -> None:
    """Show which snapshots are past the days the city file gives them, personal data first, or remove them.

    Every accepted night does it by itself.
    """
    from flows.commands.retention import retention as command

    raise typer.Exit(command(city, workspace(), remove, today.date() if today else None))


@app.command()
def explain(
    city: CityName,
    building: Annotated[
        str,
        typer.Argument(metavar="ID", help="Building id, with or without its issuer, or an OSM id such as way/123."),
    ],
    audience: Annotated[Audience, typer.Option(help="Whose sources count.")] = Audience.CITY,
    lang: Annotated[Language, typer.Option(envvar="ONBENUT_LANG", help="Dutch or English.")] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show what is behind the scores of a building on one screen.

    Every piece of evidence with its weight, source and date; --json holds all of it, in both languages.
    """
    from flows.commands.explain import explain as command

    raise typer.Exit(command(city, building, workspace(), audience.value, as_json, lang.value))


@app.command()
def dossier(
    city: CityName,
    building: Annotated[
        str,
        typer.Argument(metavar="ID", help="Building id, with or without its issuer, or an OSM id such as way/123."),
    ],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .html or .pdf.")],
    audience: Annotated[
        Audience, typer.Option(help="Who will read it; city is not for publication.")
    ] = Audience.PUBLIC,
    lang: Annotated[Language, typer.Option(envvar="ONBENUT_LANG", help="Dutch or English.")] = Language.EN,
) -> None:
    """Write all that is known of a building on a page to print.

    Map, size, evidence with dates and sources, what it could become, what to check first and whom to ask.
    """
    from flows.commands.dossier import dossier as command

    raise typer.Exit(command(city, building, to, workspace(), audience.value, lang.value))


@app.command()
def park(
    city: CityName,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[PARK]", help="Id of a business park, or its name. Without: all parks of the city compared."
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ends in .html or .pdf. Without: in short on the screen.")
    ] = None,
    audience: Annotated[
        Audience, typer.Option(help="Who will read it; city is not for publication.")
    ] = Audience.PUBLIC,
    lang: Annotated[Language, typer.Option(envvar="ONBENUT_LANG", help="Dutch or English.")] = Language.EN,
) -> None:
    """Show what is known of a business park in six themes, or compare all parks of a city."""
    from flows.commands.park import park as command

    raise typer.Exit(command(city, name, to, workspace(), audience.value, lang.value))


@app.command()
def plan(
    city: CityName,
    building: Annotated[
        str,
        typer.Argument(metavar="ID", help="Building id, with or without its issuer, or an OSM id such as way/123."),
    ],
    use: Annotated[str | None, typer.Option(help="Such as housing; the use that suits it best if not given.")] = None,
    coalition: Annotated[
        str | None, typer.Option(metavar="N|ID", help="Adverts that fill it together: place in the building, or id.")
    ] = None,
    audience: Annotated[Audience, typer.Option(help="Who will read it.")] = Audience.PUBLIC,
    lang: Annotated[Language, typer.Option(envvar="ONBENUT_LANG", help="Dutch or English.")] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show what it would take to bring a building to life: room, works, cost, finance, needed rent.

    Indicative: every figure low..likely..high, what moves it most, what would make it fail, what to check first and whom to ask.
    """
    from flows.commands.plan import plan as command

    raise typer.Exit(command(city, building, workspace(), audience.value, use, coalition, as_json, lang.value))


@app.command()
def matches(
    city: CityName,
    advert: Annotated[str | None, typer.Option(metavar="ID", help="What could serve this advert.")] = None,
    building: Annotated[str | None, typer.Option(metavar="ID", help="Who could be in this building.")] = None,
    lang: Annotated[Language, typer.Option(envvar="ONBENUT_LANG", help="Dutch or English.")] = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show who looks for space and which buildings could serve, from either side; without an id the best of each advert."""
    if advert and building:
        raise typer.BadParameter("one of the two", param_hint="--advert, --building")
    from flows.commands.matches import matches as command

    raise typer.Exit(command(city, workspace(), advert, building, lang.value, as_json))


@app.command()
def sql(
    city: CityName,
    query: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT.")],
    form: Annotated[Form, typer.Option("--format", help="How the answer is written.")] = Form.TABLE,
    limit: Annotated[int | None, typer.Option(min=0, help="Rows at most; a table shows 100 without.")] = None,
) -> None:
    """Ask the warehouse of a city one question.

    Nothing is written; a run under way is not in the way.
    """
    from flows.commands.sql import sql as command

    raise typer.Exit(command(city, query, workspace(), form.value, limit))


@app.command()
def export(
    city: CityName,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Ends in .gpkg, .parquet, .fgb, .csv or .geojson.")],
    where: Annotated[str | None, typer.Option(metavar="SQL", help="Such as \"type = 'church'\".")] = None,
    bbox: Annotated[
        str | None, typer.Option(metavar="MINX,MINY,MAXX,MAXY", help="In metres of the city's CRS.")
    ] = None,
    area: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Polygons in any CRS; what touches them is in.")
    ] = None,
    audience: Annotated[Audience, typer.Option(help="Whose layer.")] = Audience.PUBLIC,
) -> None:
    """Write a part of the layer to a file."""
    from flows.commands.export import export as command

    raise typer.Exit(command(city, to, workspace(), where, bbox, area, audience.value))


@app.command()
def serve(
    city: CityName,
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this machine's own are open to all.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    url: Annotated[
        str | None, typer.Option(help="Address under which others reach it, behind nginx or Caddy; links carry it.")
    ] = None,
    audience: Annotated[Audience, typer.Option(help="Whose layer; city: for this machine alone.")] = Audience.PUBLIC,
) -> None:
    """Serve the published layer as OGC API Features, read-only, until stopped.

    A night may swap the layer meanwhile. Not made for the open internet: put nginx or Caddy before it, and name the public address with --url.
    """
    from flows.commands.serve import serve as command

    raise typer.Exit(command(city, workspace(), host, port, url, audience.value))


@app.command()
def fieldlist(
    city: CityName,
    n: Annotated[int, typer.Option("--n", min=1, help="How many buildings.")] = 40,
    share_random: Annotated[
        float, typer.Option(min=0, max=1, help="Drawn at random; the others are the top of the layer.")
    ] = 1 / 3,
    seed: Annotated[str | None, typer.Option(help="Of the random part; the run's id if not given.")] = None,
    bbox: Annotated[
        str | None, typer.Option(metavar="MINX,MINY,MAXX,MAXY", help="In metres of the city's CRS.")
    ] = None,
    area: Annotated[Path | None, typer.Option(metavar="FILE", help="Polygons in any CRS, such as a district.")] = None,
    audience: Annotated[Audience, typer.Option(help="From whose layer.")] = Audience.CITY,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="A .gpkg; the CSV stands beside it.")] = None,
) -> None:
    """Draw a list of buildings to visit, for QField and as CSV.

    Without --to it is written to data/fieldwork/CITY/. It says neither score nor reason: who knows what is expected sees it.
    """
    from flows.commands.fieldwork import fieldlist as command

    raise typer.Exit(command(city, workspace(), n, share_random, seed, bbox, area, audience.value, to))


@app.command("object")
def object_to(
    city: CityName,
    building: Annotated[str, typer.Argument(metavar="ID", help="As for explain.")],
) -> None:
    """Take a building out of everything public, at once: its owner or user objects."""
    from flows.commands.fieldwork import object_to as command

    raise typer.Exit(command(city, building, workspace()))


@app.command()
def doctor(
    as_json: AsJson = False,
    network: Annotated[bool, typer.Option("--network", help="Also ask the server of PREFECT_API_URL.")] = False,
) -> None:
    """Check this machine and this configuration: versions, disk, rights, clock, warehouses, city files.

    Exit status 1: something is a fault.
    """
    from flows.commands.doctor import doctor as command

    raise typer.Exit(command(workspace(), as_json, network))


@app.command()
def cities(
    check: Annotated[
        bool,
        typer.Option("--check", help="All faults of all files, and what each city can and cannot know; no network."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List all cities and validate their files.

    Exit status 1: one of them is not valid.
    """
    from flows.commands.cities import cities as command

    raise typer.Exit(command(workspace(), as_json, check))


NightCities = Annotated[
    str | None,
    typer.Option(
        "--cities", envvar="ONBENUT_CITIES", metavar="A,B", help="Slugs or paths; all that are enabled without."
    ),
]
PerHost = Annotated[int, typer.Option(min=1, help="Feeds that may ask one host side by side, over all cities.")]
Builds = Annotated[int, typer.Option(min=1, help="Cities that may be built side by side.")]
SummaryAt = Annotated[str, typer.Option("--summary", metavar="CRON", help="When the night is caught up and summed up.")]


@app.command()
def night(
    cities: NightCities = None,
    due: Annotated[bool, typer.Option("--due", help="Only what was not tried since its cron fired last.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: JSON lines.")] = False,
) -> None:
    """Run one night here: each city on its own, then a summary of all.

    Needs no server. Exit status 1: a city failed, the others had their turn.
    """
    from flows.commands.night import night as command

    raise typer.Exit(command(workspace(), cities, due, as_json))


@app.command()
def deployments(
    cities: NightCities = None, per_host: PerHost = 2, builds: Builds = 1, summary: SummaryAt = "45 6 * * *"
) -> None:
    """Tell the Prefect server when which city runs, and how many may ask one provider."""
    from flows.commands.night import deployments as command

    raise typer.Exit(command(workspace(), cities, per_host, builds, summary))


@app.command()
def worker(
    cities: NightCities = None,
    per_host: PerHost = 2,
    builds: Builds = 1,
    summary: SummaryAt = "45 6 * * *",
    runs: Annotated[int, typer.Option(min=1, help="Cities under way side by side; most wait for a service.")] = 4,
) -> None:
    """Tell the Prefect server the same, then run what its schedules ask for."""
    from flows.commands.night import worker as command

    raise typer.Exit(command(workspace(), cities, per_host, builds, summary, runs))


def guarded(call: Callable[[], object]) -> None:
    """Run a command: what a user can mend is one line and status 1, a defect of ours a traceback and status 70."""
    try:
        call()
    except GateError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except OnbenutError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        from flows.swap import REFUSALS

        if error.errno not in REFUSALS or error.filename is None:
            traceback.print_exc()
            sys.exit(DEFECT)
        print(f"error: the file system refused (file {error.filename}, value {error.strerror}). Next step: make room or mend "
              "the rights, then try again", file=sys.stderr)  # fmt: skip
        sys.exit(1)
    except Exception:  # noqa: BLE001 - the last line of defence; it hides nothing
        traceback.print_exc()
        sys.exit(DEFECT)


fieldcheck_app = typer.Typer(help="What was seen in the field.", no_args_is_help=True)
app.add_typer(fieldcheck_app, name="fieldcheck")


@fieldcheck_app.callback()
def fieldcheck() -> None:
    """What was seen in the field."""


@fieldcheck_app.command("import")
def fieldcheck_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list that was filled in: .gpkg, .csv or .xlsx.")],
    city: Annotated[str | None, typer.Option(help="Slug; the list itself says it if not given.")] = None,
) -> None:
    """Take a filled-in list back as evidence for the next run; objections hold at once.

    Exit status 3: rows were refused; FILE.errors.csv says why.
    """
    from flows.commands.fieldwork import fieldcheck_import as command

    raise typer.Exit(command(file, workspace(), city))


adverts_app = typer.Typer(help="Who looks for space, for partners, or has space.", no_args_is_help=True)
app.add_typer(adverts_app, name="adverts")


@adverts_app.callback()
def adverts() -> None:
    """Who looks for space, for partners, or has space."""


@adverts_app.command("import")
def adverts_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The whole list of a platform: JSON, GeoJSON or CSV.")],
    city: CityName,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where no advert, or fewer than half of them, would be left.")
    ] = False,
) -> None:
    """Take the adverts of a platform in, as the whole list: what is not in it is gone from the next run on.

    Exit status 3: rows were refused; FILE_errors.csv says why. A file with names or contacts is refused as a whole.
    """
    from flows.commands.adverts import adverts_import as command

    raise typer.Exit(command(file, city, workspace(), replace))


match_app = typer.Typer(
    help="Match what belongs together in any two files, and say what was refused.", no_args_is_help=True
)
app.add_typer(match_app, name="match")
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Ends in .parquet, .gpkg, .geojson or .csv.")]


@match_app.command("footprints")
def match_footprints(
    left: Annotated[Path, typer.Argument(help="Parquet, GeoPackage or GeoJSON.")],
    right: Annotated[Path, typer.Argument(help="Parquet, GeoPackage or GeoJSON.")],
    out: Out,
    left_id: Annotated[str | None, typer.Option(help="Id column; without: the first that looks like one.")] = None,
    right_id: Annotated[str | None, typer.Option(help="Id column; without: the first that looks like one.")] = None,
) -> None:
    """Which outlines of two files are the same building; refusals go beside the pairs."""
    from flows.commands.match import footprints as command

    raise typer.Exit(command(left, right, out, left_id, right_id))


@match_app.command("addresses")
def match_addresses(
    register: Annotated[Path, typer.Argument(help="CSV, Excel or Parquet with streets and house numbers.")],
    against: Annotated[Path, typer.Option(help="GeoParquet, GeoPackage, GeoJSON or CSV of address points.")],
    out: Out,
    column: Annotated[
        list[str] | None, typer.Option(help="Such as street=pva_straat, where the name does not say it.")
    ] = None,
    address_column: Annotated[list[str] | None, typer.Option(help="The same for the address file.")] = None,
    crs: Annotated[str | None, typer.Option(help="CRS of an address file that does not say it.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of an Excel file with several.")] = None,
) -> None:
    """Find the address point of every row of a register; refusals go beside the matches."""
    from flows.commands.match import addresses as command

    raise typer.Exit(command(register, against, out, column or [], address_column or [], crs, sheet))


def main() -> None:
    """Entry point of the command `onbenut`."""
    guarded(app)


if __name__ == "__main__":
    main()
