"""`onbenut serve`: the published layer over HTTP."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from flows.commands.terminal import console
from flows.objections import objected
from flows.query import city_slug
from flows.workspace import Workspace


def serve(city: str, space: Workspace, host: str, port: int, url: str | None, audience: str) -> int:
    """Serve until stopped.

    Raises:
        OnbenutError: the city has no layer, the port is taken, or the city's own layer would be there for all.
    """
    # Here: pygeoapi takes half a second to load, and a wrong call should not wait for it.
    from flows.serve.server import ServeError, bind, is_loopback, is_wildcard, listen

    slug = city_slug(city)
    is_public = audience == "public"
    if not is_public and (url is not None or not is_loopback(host)):
        raise ServeError(
            "the layer of the city is not for publication: it is served to this machine alone",
            city=slug,
            host=host,
            next_step="leave out --host and --url; from another machine: ssh -L 8080:127.0.0.1:8080",
        )
    if is_wildcard(host) and url is None:
        raise ServeError(
            "no link can carry this address",
            city=slug,
            host=host,
            next_step="say with --url under which address others reach it, such as https://geo.example.org/layer",
        )
    stem = slug if is_public else f"{slug}_{audience}"
    folder = _published(space, slug, stem)
    with bind(host, port) as listening:
        own, taken = listening.getsockname()[:2]
        own = f"[{own}]" if ":" in own else own
        address = (url or f"http://{own}:{taken}").rstrip("/")
        names = None if is_public else [f"{own}:{taken}", f"localhost:{taken}"]
        from werkzeug.middleware.shared_data import SharedDataMiddleware

        from flows.serve.app import LayerApplication

        # Read anew for every question: who objects is gone from the next answer on.
        withheld = partial(objected, city, space) if is_public else frozenset
        withheld()
        application = LayerApplication(folder, stem, address, is_public=is_public, hosts=names, withheld=withheld)
        if not is_loopback(host):
            console(sys.stderr).print(
                f"warning: everybody who reaches {host} can read the layer; for the internet put nginx or Caddy before it",
                soft_wrap=True,
            )
        # What pygeoapi's pages for people need of its own.
        with_pages = SharedDataMiddleware(application, {"/static": ("pygeoapi", "static")})
        listen(listening, with_pages, lambda: _say(slug, audience, address))
    return 0


def _say(slug: str, audience: str, address: str) -> None:
    print(f"{address}/ serves {slug} ({audience}); collections buildings and pins; Ctrl-C stops it", flush=True)


def _published(space: Workspace, slug: str, stem: str) -> Path:
    from flows.serve.server import ServeError

    folder = space.outputs / slug
    if not folder.exists():
        there = sorted(path.name for path in space.outputs.glob("[!.]*")) if space.outputs.exists() else []
        raise ServeError(
            "nothing of this city is published yet",
            city=slug,
            file=folder,
            next_step=f"onbenut run {slug}; cities that were published: {', '.join(there) or 'none'}",
        )
    if not (folder / f"{stem}.parquet").exists():
        raise ServeError(
            "the published set has no layer of buildings",
            city=slug,
            file=folder / f"{stem}.parquet",
            next_step="give the city a source of buildings (be_grb with gbg, osm_extract or osm_overpass) and run it",
        )
    return folder
