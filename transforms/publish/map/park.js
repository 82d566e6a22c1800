// Business parks: outlines that can be switched on, a list for who does not use the map, and what is known of each.

const PARK_LINE = "#006d5b"; // no colour of a class, a band or the chosen one
let parkLayer, openPark;
const parkPlaceOf = new Map(); // park id -> place

function unpackParks(data) {
  if (!data.park) return null;
  const outlinesOf = ringReader(data.park_ring, data.park_pin);
  data.park.id.forEach((id, place) => parkPlaceOf.set(id, place));
  return { ...data.park, outlines: data.park.id.map((_, place) => outlinesOf(place)) };
}

const parkTitle = (place) => parks.name[place] || parks.id[place];

// Built again when the language changes.
function buildParks() {
  document.getElementById("parks").hidden = !parks;
  if (!parks) return;
  document.getElementById("parks_count").textContent = number(parks.id.length);
  const byName = parks.id.map((_, place) => place)
    .sort((left, right) => parkTitle(left).localeCompare(parkTitle(right), locale()));
  document.getElementById("park_list").replaceChildren(...byName.map((place) => {
    const button = make("button");
    Object.assign(button, { type: "button" });
    button.dataset.park = place;
    button.append(make("span", parkTitle(place), "name"), make("span", hectares(place), "worth"));
    const row = make("li");
    row.append(button);
    return row;
  }));
  markParks();
}

function markParks() {
  for (const button of document.querySelectorAll("#park_list [data-park]")) {
    if (button.dataset.park === String(parkPlaceOf.get(readLink().park))) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

const hectares = (place) => `${number(parks.area[place] / 10000, 1)} ha`;

// Under the buildings: whoever clicks on one means the building.
function switchParks(isOn) {
  if (!parkLayer) {
    parkLayer = L.featureGroup(parks.outlines.map((rings, place) => Object.assign(L.polygon(rings, {
      renderer, color: PARK_LINE, weight: 2, dashArray: "6 4", fillColor: PARK_LINE, fillOpacity: 0.06, bubblingMouseEvents: false,
    }), { place })));
    parkLayer.on("click", (event) => choosePark(event.propagatedFrom.place, false));
    parkLayer.bindTooltip((shape) => make("span", parkTitle(shape.place)), { sticky: true });
  }
  if (isOn) parkLayer.addTo(map).bringToBack();
  else parkLayer.remove();
}

const choosePark = (place, goThere) => openLink(linkTo({ park: parks.id[place] }), goThere);

let parkMark;
function markPark(place, approach) {
  if (parkMark) parkMark.remove();
  parkMark = null;
  if (!isKnown(place)) return;
  parkMark = L.polygon(parks.outlines[place], { renderer, color: MARK_COLOUR, weight: 3, fill: false, interactive: false }).addTo(map);
  if (approach) goToOutline(parks.outlines[place], map.getMaxZoom());
}

function amount(value, { unit, sign }) {
  if (!isKnown(value)) return word("unknown");
  if (unit === "share") return value.toLocaleString(locale(), { style: "percent", maximumFractionDigits: 1 });
  const told = number(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
  return sign ? `${told} ${sign}` : told;
}

// A value has bounds, and what has no value may have them too.
function parkBounds(low, high, indicator) {
  if (isKnown(low) && isKnown(high)) return word("range", { low: amount(low, indicator), high: amount(high, indicator) });
  if (isKnown(low)) return word("bound_low", { low: amount(low, indicator) });
  return isKnown(high) ? word("bound_high", { high: amount(high, indicator) }) : word("bound_none");
}

function showPark(place) {
  panel.hidden = false;
  document.getElementById("panel_title").textContent = parkTitle(place);
  const origin = parks.origin[place];
  const rows = parks.indicators.map((indicator, index) => {
    const at = place * parks.indicators.length + index;
    const [value, low, high] = [parks.value[at], parks.low[at], parks.high[at]];
    const why = parks.reasons[parks.why[at]];
    const told = isKnown(value) ? amount(value, indicator)
      : why ? word("unknown_why", { why: why[language === "nl" ? 0 : 1] }) : word("unknown");
    return [indicator[language], told, parkBounds(low, high, indicator), percent(parks.coverage[at])];
  });
  document.getElementById("panel_body").replaceChildren(
    pairs([["type", parks.type[place] || word("unknown")], ["area", hectares(place)], ["park_origin", codeTitle("park_source", origin)],
      ["park_seen", percent(parks.seen[place])], ["park_buildings", number(parks.buildings[place])],
      ["park_parcels", number(parks.parcels[place])], ["park_id", parks.id[place]]]),
    make("p", word("park_note"), "note"),
    part("park_measures", table(["what", "value", "bounds", "park_coverage"], rows)),
    part("sources", sourcesOf(parks.sources[place], parks.licence[place])));
}
