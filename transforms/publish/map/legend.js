// What the colours say; from the same palette as the style for QGIS.

function buildLegend() {
  const grey = { color: "#8f8f8f", weight: 1 };
  const fills = facts.classes.map(({ low, high, colour }) => legendRow(
    { ...grey, fillColor: colour }, isKnown(high) ? word("range", { low, high }) : word("and_more", { low })));
  fills.push(legendRow({ ...grey, fillColor: facts.unknown_colour }, word("class_unknown")));
  const lines = facts.bands.map((band) =>
    legendRow({ fillColor: "#ffffff", color: band.colour, weight: band.width }, band[language]));
  document.getElementById("legend_fill").replaceChildren(...fills);
  document.getElementById("legend_line").replaceChildren(...lines);
}

function legendRow(style, text) {
  const row = make("li");
  row.append(swatch(style), make("span", text));
  return row;
}
