// The address of the page says which building or park is open and which language is on; whatever changes it, the page follows.

function readLink() {
  const values = new URLSearchParams(location.hash.slice(1));
  return { id: values.get("id"), park: values.get("park"), lang: values.get("lang") === "en" ? "en" : "nl" };
}

function linkTo({ id, park, lang = language }) {
  // Colons and slashes of an id need no escape behind a #, and without it a link can be read.
  const parts = Object.entries({ id, park }).filter(([, value]) => value)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A/g, ":").replace(/%2F/g, "/")}`);
  if (lang !== "nl") parts.push(`lang=${lang}`);
  return `#${parts.join("&")}`;
}

function goTo(link) {
  if (location.hash === link || (location.hash === "" && link === "#")) return false;
  location.hash = link;
  return true;
}
