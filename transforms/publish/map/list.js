// The list beside the map: the way to every building for who uses a keyboard or a screen reader.

const PAGE = 50;
let listed = 0;

function buildList() {
  const list = document.getElementById("list");
  list.replaceChildren();
  listed = 0;
  extendList();
  document.getElementById("none").hidden = found.length > 0;
}

function extendList() {
  const list = document.getElementById("list");
  const next = found.slice(listed, listed + PAGE).map(listRow);
  list.append(...next);
  listed += next.length;
  const more = document.getElementById("more");
  more.hidden = listed >= found.length;
  more.textContent = word("more", { count: number(Math.min(PAGE, found.length - listed)) });
  markListed();
  return next;
}

// Says in the list which building is open.
function markListed() {
  const open = String(placeOf.get(readLink().id));
  for (const button of document.querySelectorAll("#list [data-place]")) {
    if (button.dataset.place === open) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function listRow(place) {
  const row = make("li");
  const button = make("button");
  button.type = "button";
  button.dataset.place = place;
  const band = make("span", bandTitle(building.band[place]), "band");
  button.append(
    swatch(look(place)), make("span", title(place), "name"), band,
    make("span", [building.name[place] && typeTitle(place), building.address[place]].filter(Boolean).join(", "), "where"),
    make("span", `${word("score")} ${points(building.priority[place])}`, "worth"));
  row.append(button);
  return row;
}

function swatch({ fillColor, color, weight }) {
  const sign = make("span", null, "swatch");
  sign.setAttribute("aria-hidden", "true");
  Object.assign(sign.style, { background: fillColor, borderColor: color, borderWidth: `${Math.max(1, weight)}px` });
  return sign;
}

function tellCount() {
  const total = { found: number(found.length), total: number(building.id.length) };
  document.getElementById("count").textContent = word("count", total);
}
