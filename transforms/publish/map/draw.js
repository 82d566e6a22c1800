// Pins on one canvas from afar, outlines of what is in view from near by.

const OUTLINE_ZOOM = 17;
const APPROACH_ZOOM = 18;
const PIN_PIXELS = 6;
const MARK_COLOUR = "#b8005c"; // the chosen building; no colour of a class or a band

let map, renderer;
let pinLayer, outlineLayer;
const pinOf = [];
const outlineOf = [];

function buildMap(choose) {
  map = L.map("map", { preferCanvas: true, zoomControl: false, maxZoom: 20, minZoom: 6, attributionControl: false });
  L.control.attribution({ prefix: false }).addTo(map);
  // One canvas for all: of two, the upper one would take every click from the lower.
  renderer = L.canvas({ padding: 0.3, tolerance: 4 });
  pinLayer = L.featureGroup();
  outlineLayer = L.featureGroup();
  for (const layer of [pinLayer, outlineLayer]) {
    layer.on("click", (event) => choose(event.propagatedFrom.place));
    // An element, not a text: the library would read a text as HTML.
    layer.bindTooltip((shape) => make("span", `${title(shape.place)}, ${bandTitle(building.band[shape.place])}`), { sticky: true });
  }
  building.id.forEach((_, place) => {
    pinOf[place] = shape(L.circleMarker(pins[place], { renderer, radius: PIN_PIXELS, ...look(place) }), place);
  });
  outlineLayer.make = (place) =>
    shape(L.polygon(outlines(place), { renderer, smoothFactor: 0.3, ...look(place) }), place);
  const legend = document.getElementById("legend"); // which should not lie on buildings at the first sight
  const left = legend.open ? legend.offsetWidth : 0;
  map.fitBounds(pins.length ? L.latLngBounds(pins) : [[49.5, 2.5], [53.6, 7.2]],
    { maxZoom: OUTLINE_ZOOM, paddingTopLeft: [left + 20, 20], paddingBottomRight: [20, 20] });
  map.on("moveend", draw);
  window.onbenutMap = map; // for who wants to ask it something from the console
  addZoom();
}

const shape = (layer, place) => Object.assign(layer, { place });

function look(place) {
  const band = facts.bands.find((item) => item.value === building.band[place]);
  const level = building.class[place];
  const fillColor = isKnown(level) ? facts.classes[level].colour : facts.unknown_colour;
  return { fillColor, fillOpacity: 0.9, color: band.colour, weight: band.width, bubblingMouseEvents: false };
}

let zoom;
function addZoom() {
  if (zoom) zoom.remove();
  zoom = L.control.zoom({ zoomInTitle: word("zoom_in"), zoomOutTitle: word("zoom_out") }).addTo(map);
}

// After a filter, and after a move. The least promising first, so that the most promising lies on top.
let drawn; // what the pins were drawn for
function draw() {
  if (isNear()) {
    pinLayer.remove();
    const view = map.getBounds().pad(0.3);
    outlineLayer.clearLayers();
    for (let at = found.length - 1; at >= 0; at -= 1) {
      const place = found[at];
      if (view.contains(pins[place])) outlineLayer.addLayer(outlineOf[place] ||= outlineLayer.make(place));
    }
    outlineLayer.addTo(map);
  } else {
    outlineLayer.remove();
    if (drawn !== found) {
      pinLayer.remove();
      pinLayer.clearLayers();
      for (let at = found.length - 1; at >= 0; at -= 1) pinLayer.addLayer(pinOf[found[at]]);
      drawn = found;
    }
    pinLayer.addTo(map);
  }
  drawMark();
}

const isNear = () => map.getZoom() >= OUTLINE_ZOOM;

// The chosen building, also where a filter hides it.
let chosen, mark;
function drawMark() {
  if (mark) mark.remove();
  mark = null;
  if (!isKnown(chosen)) return;
  const style = { renderer, color: MARK_COLOUR, weight: 4, fill: false, interactive: false };
  mark = isNear() ? L.polygon(outlines(chosen), style)
    : L.circleMarker(pins[chosen], { ...style, radius: PIN_PIXELS + 5 });
  mark.addTo(map);
}

// What the panel covers is no sight: how much of the map that is, from the right and from below.
function covered() {
  const [ground, cover] = [map.getContainer(), panel].map((element) => element.getBoundingClientRect());
  const isWide = cover.width < ground.width;
  return [isWide ? ground.right - cover.left : 0, isWide ? 0 : ground.bottom - cover.top].map((size) => Math.max(0, size));
}

const goToOutline = (rings, maxZoom) =>
  map.fitBounds(L.latLngBounds(rings.flat()), { paddingBottomRight: covered(), maxZoom, animate: false });

// Goes there if asked, or if it is out of sight.
function markPlace(place, approach) {
  chosen = place;
  drawMark();
  if (!isKnown(place)) return;
  const hidden = covered();
  const at = map.latLngToContainerPoint(pins[place]);
  const size = map.getSize();
  const isSeen = at.x > 0 && at.y > 0 && at.x < size.x - hidden[0] && at.y < size.y - hidden[1];
  if (approach || !isSeen) goToOutline(outlines(place), Math.max(map.getZoom(), approach ? APPROACH_ZOOM : 0));
}
