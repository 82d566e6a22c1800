"""The city file as a frozen model: everything that differs from city to city, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sources._kit.errors import CityFileError
from sources._kit.region import REGION_PREFIX, Written, read_written
from sources._kit.schedule import Schedule
from sources._kit.service import Service

HOME_VARIABLE = "ONBENUT_HOME"
BOUNDARY_FEED = "feed:"
NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
WEB_ADDRESS = r"^https?://[^\s/]+(/\S*)?$"


class Otherwise(BaseModel):
    """Another service that gives the same parts, asked where the feed's own one refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | dict[str, str]
    service: Service = Field(default_factory=lambda: Service.model_validate({}))


class Feed(BaseModel):
    """One flow of data into a city: a source module and what it needs to know.

    `path` and `url` are one location or a table of locations by part (`adp = "grb/adp_*.json"`); a path may hold
    wildcards and is relative to the city file. Keys that are not listed here belong to the source module, which
    checks them (`settings`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME_PATTERN)
    source: str = Field(pattern=NAME_PATTERN)
    url: str | dict[str, str] | None = None
    path: str | dict[str, str] | None = None
    crs: str | None = Field(None, description="CRS of the data, where it differs from the source's own")
    service: Service = Field(
        default_factory=lambda: Service.model_validate({}), description="how the URL is asked; a file if not given"
    )
    otherwise: Otherwise | None = Field(
        None, description="asked where the service refuses, before the last good snapshot has to do"
    )
    rows_min: int | dict[str, int] = Field(1, description="fewer rows than this, in all or per raw table: refused")
    drop_max: float | None = Field(
        None, ge=0, le=1, description="share of a raw table's rows that may be gone since the last good snapshot"
    )
    max_age_days: int | None = Field(None, ge=1, description="older: the run says so")
    hard_age_days: int | None = Field(None, ge=1, description="older: the run fails")
    snapshot_on: date | None = Field(None, description="date of the data, where the file itself does not say")
    visibility: str | None = Field(None, pattern="^(public|city)$")
    licence: str | None = None
    licence_uri: str | None = Field(None, pattern=WEB_ADDRESS, description="where the text of `licence` is")
    attribution: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def locations(self) -> dict[str, str]:
        """Where the parts are: part name -> URL or path; a single location is the part `data`."""
        value = self.path if self.path is not None else self.url
        assert value is not None
        return {"data": value} if isinstance(value, str) else dict(value)

    @model_validator(mode="after")
    def _one_location(self) -> Feed:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` or `url`")
        if self.service.kind != "file" and self.url is None:
            raise ValueError(f"service {self.service.kind} needs `url`")
        if self.otherwise is not None:
            if self.url is None:
                raise ValueError("`otherwise` needs `url`: a file that is not there is asked nowhere else")
            if set(self.by_other_way().locations) != set(self.locations):
                raise ValueError(f"`otherwise` must give the same parts: {', '.join(self.locations)}")
        return self

    def by_other_way(self) -> Feed:
        """The same feed, asked of its other service."""
        assert self.otherwise is not None
        return self.model_copy(update={"url": self.otherwise.url, "service": self.otherwise.service, "otherwise": None})


class Publisher(BaseModel):
    """Who publishes a city's layer, and where: what a data catalogue asks for. An organisation and a page, never a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="the organisation, in Dutch")
    url: str | None = Field(
        None, pattern=WEB_ADDRESS, description="identifies the organisation: its URI, or its web site"
    )
    contact_url: str = Field(pattern=WEB_ADDRESS, description="page that says how to ask or to object")
    download_url: str | None = Field(
        None,
        pattern=WEB_ADDRESS.replace("(/\\S*)?", "/(\\S*/)?"),
        description="where the folder of products is, with a / at the end",
    )


class Gates(BaseModel):
    """What a city asks of the gates before publishing; which gates there are, flows knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limits: dict[str, float] = Field(default_factory=dict, description="gate -> limit in place of the house's own")

    @field_validator("limits")
    @classmethod
    def _not_below_zero(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := sorted(name for name, limit in value.items() if not 0 <= limit < float("inf")):
            raise ValueError(f"the limit of {wrong[0]} is a number from 0 up")
        return value


class Retention(BaseModel):
    """How long things are kept, in days. The newest good snapshot of a feed and what is still so stay, however old."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    snapshots_days: int = Field(100, ge=1, description="nights of the last so many days can be made again")
    personal_days: int = Field(
        30, ge=1, description="snapshots of feeds that may tell of persons, even where an older night needs them"
    )
    history_days: int = Field(1100, ge=1, description="what changed, and the runs that found it")
    nights_min: int = Field(7, ge=1, description="so many accepted nights stay, whatever the clock says")


class City(BaseModel):
    """A city: name, NIS code, metric CRS and its feeds. Units of the CRS are metres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str = Field(pattern=NAME_PATTERN)
    folder: Path
    name: str = Field(min_length=1)
    nis: str = Field(pattern=r"^[0-9A-Z]{4,8}$", description="code of the municipality; text, zeros live")
    crs: str = Field(pattern=r"^EPSG:\d{4,6}$")
    as_of: date | None = Field(None, description="for recorded cities: the day the city is looked at by default")
    boundary: str | None = Field(None, description="area of interest: a file relative to the city file, or feed:<name>")
    objections: str | None = Field(
        None, description="CSV of building ids that are not shown, relative to the city file"
    )
    extent: tuple[float, float, float, float] | None = Field(
        None,
        description="west, south, east, north in the city's CRS, for `bbox = boundary` in place of the boundary's own box",
    )
    osm_free: bool = Field(
        False,
        description="also a layer made without OpenStreetMap, in files that end in _osm_free, with a licence of its own",
    )
    publisher: Publisher | None = Field(None, description="for the records of the products in a data catalogue")
    gates: Gates = Field(
        default_factory=Gates, description="limits of the gates before publishing that are the city's own"
    )
    retention: Retention = Field(default_factory=lambda: Retention.model_validate({}))
    postcodes: tuple[str, ...] = Field((), description="postal codes of the city, for `{postcodes}` in region files")
    schedule: Schedule = Field(
        default_factory=lambda: Schedule.model_validate({}), description="when nights run the city"
    )
    feeds: dict[str, Feed] = Field(min_length=1)
    _written: Written | None = PrivateAttr(None)

    def file_of(self, key: Sequence[str | int]) -> Path | None:
        """The file that says a key, where the city was read from files: its own or a region's."""
        return self._written.file_of(key) if self._written else None

    @field_validator("extent")
    @classmethod
    def _has_area(cls, value: tuple[float, float, float, float] | None) -> tuple[float, float, float, float] | None:
        if value is not None and not (value[0] < value[2] and value[1] < value[3]):
            raise ValueError("extent is west, south, east, north")
        return value

    @field_validator("feeds")
    @classmethod
    def _has_boundary_feed(cls, value: dict[str, Feed], info: ValidationInfo) -> dict[str, Feed]:
        boundary = info.data.get("boundary") or ""
        name = boundary.removeprefix(BOUNDARY_FEED)
        if name != boundary and name not in value:
            raise ValueError(f"`boundary` names the feed {name}, which is not there")
        return value

    @field_validator("crs")
    @classmethod
    def _metric(cls, value: str) -> str:
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        try:
            crs = CRS.from_user_input(value)
        except CRSError as error:
            raise ValueError(f"{value} is no coordinate reference system: {error}") from error
        if not crs.is_projected or {axis.unit_name for axis in crs.axis_info} != {"metre"}:
            raise ValueError(f"{value} is not a projected CRS in metres")
        return value


def load_city(where: str | Path, cities: Path) -> City:
    """Read a city by slug (a file in `cities`) or by the path of its file.

    Raises:
        CityFileError: no such file, not TOML, or a key, type or value the model does not know.
    """
    path = Path(where)
    if path.suffix != ".toml":
        path = cities / f"{where}.toml"
    if not path.exists() or path.name.startswith(REGION_PREFIX):
        known = ", ".join(sorted(p.stem for p in city_files(cities))) or "none"
        raise CityFileError("no such city", city=where, file=path, next_step=f"known cities: {known}; or give a path")
    written = read_written(path, cities)
    try:
        return make_city(path, written)
    except ValidationError as error:
        # A misspelt key is also a missing one: the word that was written says more than the one that was not.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        raise city_error(first, path, written) from error


def city_files(folder: Path) -> list[Path]:
    """City files of a folder, by name; region files are none."""
    return sorted(path for path in folder.glob("*.toml") if not path.name.startswith(REGION_PREFIX))


def city_slug(path: Path) -> str:
    """Slug of a city by its file."""
    return path.stem.lower().replace("-", "_")


def make_city(path: Path, written: Written) -> City:
    """The city that files say.

    Raises:
        ValidationError: a key, type or value the model does not know.
    """
    table = dict(written.table)
    feeds = table.get("feeds")
    if isinstance(feeds, dict):
        table["feeds"] = {name: feed_table(name, value) for name, value in feeds.items()}
    city = City.model_validate({**table, "slug": city_slug(path), "folder": path.resolve().parent})
    city._written = written
    return city


def city_error(fault: Any, path: Path, written: Written) -> CityFileError:
    """One of pydantic's errors as ours: it names the file that says it, the key, the value and the known keys."""
    location = tuple(fault["loc"])
    key = ".".join(str(part) for part in location)
    return CityFileError(
        f"the city file is wrong at `{key}`: {fault['msg']}",
        city=city_slug(path),
        file=written.file_of(location),
        column=key,
        value=fault.get("input") if fault["type"] != "missing" else None,
        next_step=f"known keys: {', '.join(known_keys(location))}",
    )


def feed_table(name: str, value: object) -> object:
    """Split a feed's table into the keys every feed has and the settings of its source."""
    if not isinstance(value, dict):
        return value
    common = {key: value[key] for key in value if key in Feed.model_fields and key not in ("name", "settings")}
    settings = {key: value[key] for key in value if key not in common}
    return {**common, "name": name, "settings": settings}


def known_keys(location: tuple[int | str, ...]) -> list[str]:
    """Keys that the table at a place may have."""
    model: type[BaseModel] = Feed if location and location[0] == "feeds" and len(location) > 1 else City
    if model is Feed and location[2:3] == ("service",):
        model = Service
    if model is City and location[:1] == ("publisher",) and len(location) > 1:
        model = Publisher
    if location[:1] == ("schedule",) and len(location) > 1:
        model = Schedule
    if location and location[0] == "gates" and len(location) > 1:
        model = Gates
    if model is City and location[:1] == ("retention",) and len(location) > 1:
        model = Retention
    return [key for key in model.model_fields if key not in ("slug", "folder", "settings")]
