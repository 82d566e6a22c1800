"""The made-up cities the method is measured on: how they differ, and one run of each through the real pipeline."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path

from flows.evaluate_rows import write_rows
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources.voorbeeldstad import Generation, make_city
from sources.voorbeeldstad.city_file import write_city_file

REGISTERS = frozenset({"vacancy_register", "vip_register", "premises"})
WORKERS = 2


@dataclass(frozen=True)
class Made:
    """One made-up city.

    Attributes:
        name: short, unique, fit for a file name.
        differs: in words, how it differs from the default.
        buildings: number of real buildings.
        seed: of everything random in it.
        settings: prevalence and observation rates.
        hide_register: also run it without its registers.
    """

    name: str
    differs: str
    buildings: int
    seed: int
    settings: Generation = field(default_factory=Generation)
    hide_register: bool = True


_D = Generation()
CITIES: tuple[Made, ...] = (
    Made("default", "nothing", 4000, 101),
    Made("small", "2,500 buildings", 2500, 102),
    Made("large", "5,000 buildings", 5000, 103),
    Made("half", "half as many out of use", 4000, 104, Generation(out_of_use_atypical=0.025, out_of_use_ordinary=0.015)),
    Made("double", "twice as many out of use", 4000, 105, Generation(out_of_use_atypical=0.1, out_of_use_ordinary=0.06)),
    Made("mapped_little", "OSM says disused as rarely as it really does", 4000, 106, Generation(atypical_evidence=1)),
    Made("mapped_some", "a third of the default's OSM traces", 4000, 107, Generation(atypical_evidence=5)),
    Made("thin_register", "the register holds 15% of what is out of use", 3500, 108, Generation(register_given_out=0.15)),
    Made("full_register", "the register holds 70%", 3500, 109, Generation(register_given_out=0.7)),
    Made("loose_register", "five times as many wrong register rows", 3500, 110, Generation(register_status={name: (share, weight - log(5)) for name, (share, weight) in _D.register_status.items()})),
    Made(
        "loose_mapping", "five times as many wrong OSM traces", 3500, 111,
        Generation(disused_given_in=5 * _D.disused_given_in, prefix_given_in=5 * _D.prefix_given_in,
                   shop_vacant_given_in=5 * _D.shop_vacant_given_in),
    ),
    Made(
        "rough_map", "OSM lacks a quarter, more own outlines, splits and merges", 3500, 112,
        Generation(osm_missing=0.25, osm_reference=0.4, osm_split=0.03, osm_merged=0.03),
    ),
    Made("no_addresses", "no addresses", 3000, 113, Generation(without=frozenset({"addresses"}))),
    Made("no_grb", "no GRB: neither official outlines nor parcels", 3000, 114, Generation(without=frozenset({"grb"}))),
    Made("no_register", "no register of any kind", 3000, 115, Generation(without=REGISTERS), hide_register=False),
    Made("no_observations", "no lists of observations: citizens, enterprises, permits, church plan, parks", 3000, 118, Generation(without=frozenset({"observations"}))),
    Made("no_heritage", "no heritage", 3000, 116, Generation(without=frozenset({"heritage"}))),
    Made("osm_xml", "OSM as XML", 3000, 117, Generation(osm_format="xml")),
)  # fmt: skip


def rows_file(folder: Path, name: str, *, hidden: bool = False) -> Path:
    """Where the rows of a city are kept; `hidden` for its run without registers."""
    return folder / f"{name}{'.hidden' if hidden else ''}.parquet"


def measure_cities(
    cities: Sequence[Made], folder: Path, *, workers: int = WORKERS, say: Callable[[str], None] = lambda _text: None
) -> None:
    """Run every city once and keep its rows in `folder`; one that is there already is not run again.

    Args:
        cities: what to run.
        folder: for the rows; the cities' own files and warehouses live below it until they are read.
        workers: processes, each with one thread of DuckDB; 1 runs in this process.
        say: told the name of every city that is done.

    Raises:
        OnbenutError: a city could not be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    named = {made.name: made for made in cities}
    todo = [made for name, made in named.items() if not rows_file(folder, name).exists()]
    if workers == 1:
        for made in todo:
            _measure(made, folder)
            say(made.name)
        return
    # Spawned, not forked: DuckDB's threads do not survive a fork.
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawned, initializer=_one_thread) as pool:
        under_way = {pool.submit(_measure, to_send(made), folder): made.name for made in todo}
        for done in as_completed(under_way):
            done.result()
            say(under_way[done])


def to_send(made: Made) -> Made:
    """The same city in a form that another process can be given: a read-only mapping cannot be pickled."""
    settings = made.settings
    return replace(
        made, settings=replace(settings, said=dict(settings.said), register_status=dict(settings.register_status))
    )


def _one_thread() -> None:
    os.environ["ONBENUT_THREADS"] = "1"


def _measure(made: Made, folder: Path) -> None:
    """Make, run and read one city; its home is removed afterwards."""
    home = folder / f"home_{made.name}"
    files = home / "raw"
    # Adverts are no evidence; what parks say of idle parcels is among the observations, and is heard once.
    settings = replace(made.settings, without=made.settings.without | {"platform", "business_parks"})
    city_file = make_city(files, made.buildings, made.seed, settings)
    truth = files / "truth.parquet"
    if made.hide_register:
        osm = "osm.osm.pbf" if made.settings.osm_format == "pbf" else "osm.osm"
        hidden = files / "hidden.toml"
        write_city_file(hidden, osm, replace(settings, without=settings.without | REGISTERS))
        _run(hidden, Workspace(home), truth, rows_file(folder, made.name, hidden=True))
    # Last: its presence says that the city is whole.
    _run(city_file, Workspace(home), truth, rows_file(folder, made.name))
    shutil.rmtree(home)


def _run(city_file: Path, space: Workspace, truth: Path, target: Path) -> None:
    # The city file states as_of: no clock decides what is known.
    outcome = run_city(load_city(city_file, space.cities), space)
    write_rows(outcome.warehouse, truth, target)
