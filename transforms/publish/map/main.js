// Who starts what, and what follows on what.

let opener = null; // where the keyboard was before the panel opened
let approach = true; // whether the map goes to the building: from a link or the list, not from a click on the map

async function start() {
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("loading").textContent = word("too_old");
    return;
  }
  await unpack();
  language = readLink().lang;
  const isWide = matchMedia("(min-width: 801px)").matches;
  for (const id of ["all_filters", "legend"]) document.getElementById(id).open = isWide;
  buildLegend();
  buildMap((place) => choose(place, false));
  speak();
  filterChanged();
  listen();
  document.getElementById("loading").hidden = true;
  followLink();
  addBackground(map);
  document.documentElement.dataset.ready = "true";
}

// Everything that holds words, in the language that is on.
function speak() {
  translatePage();
  document.title = `Onbenut ${facts.city}: ${word("title")}`;
  document.getElementById("state").textContent = word("state_of", { day: day(facts.as_of) });
  const part = document.getElementById("part_shown");
  part.hidden = facts.shown === facts.total;
  part.textContent = word("part_shown",
    { shown: number(facts.shown), total: number(facts.total), file: facts.geopackage });
  buildFilters();
  buildLegend();
  buildParks();
  addZoom();
}

function filterChanged() {
  applyFilters();
  tellCount();
  buildList();
  draw();
  labelUnknown();
}

const choose = (place, goThere) => openLink(linkTo({ id: building.id[place] }), goThere);

function openLink(link, goThere) {
  if (panel.hidden) opener = document.activeElement;
  approach = goThere;
  if (!goTo(link)) followLink();
}

// The link decides: going back in the browser closes and opens the same way.
function close() {
  goTo(linkTo({}));
}

let openId = null;
function followLink() {
  const { id, park, lang } = readLink();
  if (lang !== language) {
    language = lang;
    speak();
    tellCount();
    buildList();
  }
  const open = id ?? park;
  const place = id === null ? parkPlaceOf.get(park) : placeOf.get(id);
  markListed();
  markParks();
  if (open === null) {
    closePanel();
  } else {
    if (place === undefined) showUnknown(open, id === null ? "no_such_park" : "no_such");
    else if (id === null) showPark(place);
    else showPanel(place);
    document.getElementById("panel_link").href = linkTo(id === null ? { park } : { id });
    document.getElementById("panel_link").textContent = word(id === null ? "link_park" : "link");
    document.getElementById("links").hidden = place === undefined;
  }
  markPlace(id === null ? undefined : place, approach);
  markPark(id === null ? place : undefined, approach);
  if (open !== null && open !== openId) openPanel();
  approach = false;
  openId = open;
}

function openPanel() {
  panel.scrollTop = 0;
  document.getElementById("panel_title").focus();
}

function closePanel() {
  if (panel.hidden) return;
  panel.hidden = true;
  (opener?.isConnected ? opener : document.getElementById("list_title")).focus();
}

function listen() {
  let wait;
  form.addEventListener("input", (event) => {
    clearTimeout(wait);
    // Letters come faster than a city is filtered; a tick is answered at once.
    wait = setTimeout(filterChanged, event.target.type === "checkbox" ? 0 : 150);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filterChanged));
  document.getElementById("list").addEventListener("click", (event) => {
    const button = event.target.closest("[data-place]");
    if (button) choose(Number(button.dataset.place), true);
  });
  document.getElementById("park_list").addEventListener("click", (event) => {
    const button = event.target.closest("[data-park]");
    if (button) choosePark(Number(button.dataset.park), true);
  });
  document.getElementById("show_parks").addEventListener("change", (event) => switchParks(event.target.checked));
  document.getElementById("more").addEventListener("click", () => extendList()[0]?.firstChild.focus());
  document.getElementById("skip").addEventListener("click", () => document.getElementById("list_title").focus());
  document.getElementById("close").addEventListener("click", close);
  document.getElementById("zoom_to").addEventListener("click", () => {
    const { id, park } = readLink();
    if (id === null) markPark(parkPlaceOf.get(park), true);
    else markPlace(placeOf.get(id), true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) close();
  });
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => goTo(linkTo({ ...readLink(), lang: button.dataset.language })));
  }
  window.addEventListener("hashchange", followLink);
}

start();
