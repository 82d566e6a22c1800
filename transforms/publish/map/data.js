// The buildings, unpacked from the page: one list per column, a building is its place in them.

let facts, building, reuse, evidence, pins, outlines, parks;
const placeOf = new Map(); // building id -> place

async function unpack() {
  const element = document.getElementById("data");
  const packed = Uint8Array.from(atob(element.textContent.trim()), (letter) => letter.charCodeAt(0));
  element.remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text());
  ({ facts, building } = data);
  reuse = grouped(data.reuse);
  evidence = grouped(data.evidence);
  pins = building.id.map((_, place) => [data.pin[2 * place + 1] / 1e6, data.pin[2 * place] / 1e6]);
  outlines = ringReader(data.ring, data.pin);
  parks = unpackParks(data);
  building.id.forEach((id, place) => placeOf.set(id, place));
  building.text = building.id.map((id, place) =>
    plain([building.name[place], building.address[place], id].filter(Boolean).join(" ")));
}

// Rows of a table that is sorted by building: rowsOf(place) gives theirs.
function grouped(columns) {
  const starts = new Uint32Array(building.id.length + 1);
  for (const place of columns.building) starts[place + 1] += 1;
  for (let place = 0; place < building.id.length; place += 1) starts[place + 1] += starts[place];
  const names = Object.keys(columns).filter((name) => name !== "building");
  return {
    columns,
    rowsOf: (place) => Array.from({ length: starts[place + 1] - starts[place] }, (_, number) =>
      Object.fromEntries(names.map((name) => [name, columns[name][starts[place] + number]]))),
    firstOf: (place) => starts[place],
    endOf: (place) => starts[place + 1],
  };
}

// Rings of a building as latitudes and longitudes. All rings of one building are drawn as one shape by the even-odd
// rule, so that holes and further parts need not be told apart.
function ringReader(ring, pin) {
  const firstRing = new Uint32Array(ring.rings.length);
  for (let place = 1; place < ring.rings.length; place += 1) {
    firstRing[place] = firstRing[place - 1] + ring.rings[place - 1];
  }
  const firstStep = new Uint32Array(ring.points.length + 1);
  ring.points.forEach((count, number) => { firstStep[number + 1] = firstStep[number] + 2 * count; });
  return (place) => Array.from({ length: ring.rings[place] }, (_, number) => {
    const at = firstRing[place] + number;
    let x = pin[2 * place];
    let y = pin[2 * place + 1];
    const points = [];
    for (let step = firstStep[at]; step < firstStep[at + 1]; step += 2) {
      x += ring.steps[step];
      y += ring.steps[step + 1];
      points.push([y / 1e6, x / 1e6]);
    }
    return points;
  });
}

// For searching: small letters, without accents.
function plain(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}
