"""`make picture`: draw the made-up city's published layer for the README."""

from __future__ import annotations

from flows.workspace import CHECKOUT, workspace
from sources._kit.duck import connect
from transforms.publish.picture import draw_map


def main() -> None:
    """Draw docs/images/voorbeeldstad.png from the demo's warehouse; run `onbenut demo` first."""
    target = CHECKOUT / "docs" / "images" / "voorbeeldstad.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    with connect(workspace().warehouse("voorbeeldstad"), read_only=True) as con:
        print(draw_map(con, target, title="Voorbeeldstad", width_m=1000))


if __name__ == "__main__":
    main()
