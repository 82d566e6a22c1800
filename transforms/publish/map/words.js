// The words of the page, in the language that is on. WORDS comes from words.json.

let language = "nl";

function word(key, values = {}) {
  return WORDS[key][language === "nl" ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// What stands in the page itself carries its key; what is built by script asks for its words when it is built.
function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
}

// Text of others enters the page here and nowhere else, always as text.
function make(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (name) element.className = name;
  return element;
}
