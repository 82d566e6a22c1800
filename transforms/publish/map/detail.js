// The longer parts of the panel: uses, sizes, observations, sources.

function useList(place) {
  const rows = reuse.rowsOf(place);
  if (!rows.length) return make("p", word("no_uses"));
  const list = make("ol");
  for (const row of rows) {
    const item = make("li");
    const values = { score: points(row.score), low: points(row.low), high: points(row.high), known: percent(row.known) };
    item.append(make("strong", codeTitle("use", row.use)), make("br"), make("span", word("use_score", values)));
    const check = row[`check_${language}`];
    if (check) item.append(make("br"), make("span", word("check_first", { what: check })));
    list.append(item);
  }
  return list;
}

function sizeList(place) {
  const of = (name) => building[name][place];
  return pairs([
    ["footprint", measure(of("footprint"), null, null, " m²")],
    ["floor_area", measure(of("floor_area"), of("floor_area_low"), of("floor_area_high"), " m²")],
    ["volume", measure(of("volume"), of("volume_low"), of("volume_high"), " m³")],
    ["height", measure(of("height"), null, null, " m", 1)],
    ["floors", measure(of("floors"), null, null, "", 1)]]);
}

function evidenceList(place) {
  const rows = evidence.rowsOf(place);
  if (!rows.length) return make("p", word("no_evidence"));
  const sourceOf = (feed) => facts.sources.find((source) => source.feed === feed);
  const list = make("ul");
  for (const row of rows) {
    const item = make("li", codeTitle("kind", row.kind) + (row.detail ? ` (${row.detail})` : ""));
    const values = {
      day: isKnown(row.on) ? day(row.on) : word("no_day"),
      who: row.authority ? codeTitle("authority", row.authority) : word("unknown"),
      source: sourceOf(row.feed)?.title ?? row.feed ?? word("unknown"),
    };
    item.append(make("br"), make("span", word("evidence_line", values), "small"));
    list.append(item);
  }
  return list;
}

// A building or a park names its sources by title; several feeds may share one, then all their days are told.
const sourceList = (place) => sourcesOf(building.sources[place], building.licence[place]);

function sourcesOf(sources, licence) {
  const list = make("ul");
  for (const name of (sources || "").split("; ").filter(Boolean)) {
    const feeds = facts.sources.filter((source) => source.title === name || source.feed === name);
    const item = make("li", name);
    const days = [...new Set(feeds.map((feed) => feed.snapshot_on).filter(Boolean))].map(day);
    const words = [...new Set(feeds.map((feed) => feed.attribution).filter(Boolean))];
    const told = [days.length && word("source_day", { day: days.join("; ") }), ...words].filter(Boolean);
    if (told.length) item.append(make("br"), make("span", told.join(". "), "small"));
    list.append(item);
  }
  if (!list.children.length) return make("p", word("unknown"));
  const box = make("div");
  box.append(list);
  if (licence) box.append(make("p", word("licence", { what: licence }), "small"));
  return box;
}
