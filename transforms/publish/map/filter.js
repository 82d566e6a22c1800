// Which buildings are shown. Unknown values have a box of their own: nothing is dropped without being named.

const NO_USE = ""; // stands for a building of which no use is named
let found = []; // places that pass, by priority
let passes = new Uint8Array(0);

const form = document.getElementById("filters");
const ticked = (name) => new Set(Array.from(form.querySelectorAll(`[name=${name}]:checked`), (box) => box.value));
const bound = (name, otherwise) => (form.elements[name].value === "" ? otherwise : Number(form.elements[name].value));

function buildFilters() {
  const count = (values) => values.reduce((counts, value) => counts.set(value, (counts.get(value) || 0) + 1), new Map());
  const uses = building.id.flatMap((_, place) => {
    const own = reuse.columns.use.slice(reuse.firstOf(place), reuse.endOf(place));
    return own.length ? own : [NO_USE];
  });
  const bands = count(building.band);
  boxes("band", facts.bands.map((band) => band.value).filter((value) => bands.has(value)), bands, bandTitle);
  const types = count(building.type);
  boxes("type", byTitle([...types.keys()], typeName), types, typeName);
  const counts = count(uses);
  boxes("use", byTitle([...counts.keys()], useName), counts, useName);
  labelUnknown();
}

const typeName = (type) => codeTitle("type", type) || word("unknown");
const useName = (use) => (use === NO_USE ? word("no_use") : codeTitle("use", use));
const byTitle = (codes, name) => codes.sort((left, right) => name(left).localeCompare(name(right), locale()));

// Built again when the language changes; what was ticked stays ticked.
function boxes(name, codes, counts, titleOf) {
  const before = ticked(name);
  const rows = codes.map((code) => {
    const label = make("label");
    const box = make("input");
    Object.assign(box, { type: "checkbox", name, value: code, checked: before.has(String(code)) });
    label.append(box, make("span", `${titleOf(code)} (${number(counts.get(code))})`));
    return label;
  });
  document.getElementById(`boxes_${name}`).replaceChildren(...rows);
}

function areaColumn() {
  return building[form.elements.area_measure.value];
}

// A box for what is unknown is there when anything is.
function labelUnknown() {
  for (const [name, column] of [["area_unknown", areaColumn()], ["score_unknown", building.priority]]) {
    const count = column.filter((value) => !isKnown(value)).length;
    const label = document.getElementById(name);
    label.textContent = word(name, { count: number(count) });
    label.closest("label").hidden = count === 0;
  }
}

function applyFilters() {
  const [bands, types, uses] = ["band", "type", "use"].map(ticked);
  const words = plain(form.elements.search.value).split(/\s+/).filter(Boolean);
  const area = areaColumn();
  const smallest = bound("area_min", -Infinity);
  const largest = bound("area_max", Infinity);
  const score = bound("score_min", -Infinity);
  const withArea = form.elements.area_unknown.checked;
  const withScore = form.elements.score_unknown.checked;
  const suits = (place) => {
    const [first, end] = [reuse.firstOf(place), reuse.endOf(place)];
    if (first === end) return uses.has(NO_USE);
    for (let row = first; row < end; row += 1) if (uses.has(reuse.columns.use[row])) return true;
    return false;
  };
  passes = new Uint8Array(building.id.length);
  found = [];
  for (let place = 0; place < building.id.length; place += 1) {
    const size = area[place];
    const worth = building.priority[place];
    if ((bands.size === 0 || bands.has(building.band[place]))
      && (types.size === 0 || types.has(building.type[place]))
      && (isKnown(size) ? size >= smallest && size <= largest : withArea)
      && (isKnown(worth) ? worth >= score : withScore)
      && (uses.size === 0 || suits(place))
      && words.every((part) => building.text[place].includes(part))) {
      passes[place] = 1;
      found.push(place);
    }
  }
}
