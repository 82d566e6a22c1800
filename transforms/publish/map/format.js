// Numbers, days and codes as people read them; what is not known is called unknown, never left empty or made zero.

const isKnown = (value) => value !== null && value !== undefined;
const locale = () => (language === "nl" ? "nl-BE" : "en-GB");

function number(value, digits = 0) {
  return isKnown(value) ? value.toLocaleString(locale(), { maximumFractionDigits: digits }) : word("unknown");
}

// A score of 0 to 100, with one decimal, so that a column of them can be compared at sight.
function points(value) {
  const options = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return isKnown(value) ? value.toLocaleString(locale(), options) : word("unknown");
}

function percent(value) {
  return isKnown(value) ? value.toLocaleString(locale(), { style: "percent" }) : word("unknown");
}

function day(value) {
  if (!isKnown(value)) return word("unknown");
  const options = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
  return new Date(`${value}T00:00:00Z`).toLocaleDateString(locale(), options);
}

// A code, or a Dutch word that serves as one, in the language that is on.
function codeTitle(column, code) {
  const titles = facts.codes[column][code];
  return titles ? titles[language === "nl" ? 0 : 1] : code;
}

function typeTitle(place) {
  const type = building.type[place];
  return type in facts.codes.type ? codeTitle("type", type) : building.type_label[place] || word("unknown");
}

function bandTitle(value) {
  return facts.bands.find((band) => band.value === value)[language];
}

function title(place) {
  return building.name[place] || typeTitle(place);
}

// A measure with its interval: the interval can be known where the value is not.
function measure(value, low, high, unit, digits = 0) {
  const show = (amount) => `${number(amount, digits)}${unit}`;
  if (isKnown(value)) {
    return isKnown(low) && isKnown(high)
      ? word("between", { value: show(value), low: number(low, digits), high: show(high) }) : show(value);
  }
  if (isKnown(low)) {
    return isKnown(high) ? word("only_between", { low: number(low, digits), high: show(high) })
      : word("at_least", { low: show(low) });
  }
  return word("unknown");
}
