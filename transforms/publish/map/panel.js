// Everything that is known of one building, and what the panel of a park shares with it.

const panel = document.getElementById("panel");

function showPanel(place) {
  panel.hidden = false;
  document.getElementById("panel_title").textContent = title(place);
  const body = document.getElementById("panel_body");
  const hidden = passes[place] ? [] : [make("p", word("hidden_by_filter"), "note")];
  body.replaceChildren(
    ...hidden, identity(place), bandPart(place), part("reasons", reasonList(place)), part("scores", scoreTable(place)),
    part("uses", useList(place)), part("size", sizeList(place)), part("evidence", evidenceList(place)),
    part("sources", sourceList(place)));
}

function showUnknown(id, key) {
  panel.hidden = false;
  document.getElementById("panel_title").textContent = word("not_found");
  document.getElementById("panel_body").replaceChildren(make("p", word(key, { id }), "note"));
}

function part(key, ...content) {
  const section = make("section");
  section.append(make("h3", word(key)), ...content);
  return section;
}

// Pairs of a word and a text; a pair without text is left out.
function pairs(rows) {
  const list = make("dl");
  for (const [key, text] of rows) if (isKnown(text)) list.append(make("dt", word(key)), make("dd", text));
  return list;
}

function table(keys, rows) {
  const [head, body, grid] = [make("thead"), make("tbody"), make("table")];
  const titles = make("tr");
  for (const key of keys) Object.assign(titles.appendChild(make("th", word(key))), { scope: "col" });
  head.append(titles);
  for (const cells of rows) {
    const row = body.appendChild(make("tr"));
    cells.forEach((cell, number) => {
      const first = make(number ? "td" : "th", cell);
      if (!number) first.scope = "row";
      row.append(first);
    });
  }
  grid.append(head, body);
  return grid;
}

function identity(place) {
  const former = building.former_use[place];
  const heritage = building.heritage[place];
  const count = number(building.site_buildings[place]);
  const named = building.site_name[place];
  const site = isKnown(building.site_buildings[place])
    ? (named ? word("site_named", { name: named, count }) : word("site_unnamed", { count })) : null;
  return pairs([
    ["type", typeTitle(place)], ["address", building.address[place] || word("unknown")],
    ["former_use", former && codeTitle("former_use", former)],
    ["heritage", heritage ? codeTitle("heritage", heritage) : word("no_heritage")],
    ["site", site], ["building_id", building.id[place]]]);
}

function bandPart(place) {
  const section = make("section", null, "verdict");
  const value = building.band[place];
  const heading = make("p", null, "band");
  heading.append(swatch(look(place)), make("strong", `${word("band")}: ${bandTitle(value)}`));
  const status = building.legal_status[place];
  const [low, high] = [building.vacant_low[place], building.vacant_high[place]];
  const share = isKnown(low) ? (low === high ? percent(low) : word("range", { low: percent(low), high: percent(high) })) : null;
  section.append(heading, make("p", word(`band_${value}`)), pairs([
    ["legal_status", status && codeTitle("legal_status", status)], ["vacant_share", share]]),
    make("p", word("signal_only"), "note"));
  return section;
}

function reasonList(place) {
  const text = building[`reasons_${language}`][place];
  if (!text) return make("p", word("no_reasons"));
  const list = make("ol");
  for (const reason of text.split(" | ")) list.append(make("li", reason));
  return list;
}

function scoreTable(place) {
  const bounds = (name, show) => (isKnown(building[`${name}_low`][place])
    ? word("range", { low: show(building[`${name}_low`][place]), high: show(building[`${name}_high`][place]) })
    : word("no_bounds"));
  const rank = building.rank[place];
  const rows = table(["what", "value", "bounds"], [
    [word("underuse"), percent(building.underuse[place]), bounds("underuse", percent)],
    [word("atypicality"), points(building.atypicality[place]), word("no_bounds")],
    [word("reuse"), points(building.reuse[place]), bounds("reuse", points)],
    [word("priority"), points(building.priority[place]), word("no_bounds")]]);
  const section = make("div");
  section.append(rows);
  if (isKnown(rank)) {
    const between = isKnown(building.rank_low[place])
      ? `, ${word("rank_between", { low: number(building.rank_low[place]), high: number(building.rank_high[place]) })}` : "";
    section.append(make("p", `${word("rank", { rank: number(rank), total: number(facts.total) })}${between}.`));
  }
  return section;
}
