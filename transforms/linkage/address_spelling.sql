-- Spelling rules of the address matcher: a house number as two clerks would both understand it; streets are in _kit/street.sql.

-- First number in a house number: "nr. 12A" -> 12; null for "z/n".
CREATE OR REPLACE TEMP MACRO addr_number(label) AS try_cast(nullif(regexp_extract(label, '[0-9]+'), '') AS INTEGER);

-- What follows that number, in lower case; a spreadsheet's ".0" is nothing.
CREATE OR REPLACE TEMP MACRO addr_tail(label) AS
    replace(regexp_replace(regexp_replace(lower(trim(label)), '^[^0-9]*[0-9]+', ''), '^[.,]0$', ''), 't/m', '-');

-- Letter, bis or _2; a box ("bus 3", "/1") and a second number are not part of it.
CREATE OR REPLACE TEMP MACRO addr_suffix(label) AS
    coalesce(
        nullif(regexp_extract(addr_tail(label), '^_([0-9]+)', 1), ''),
        nullif(regexp_extract(addr_tail(label), '^[ .-]*(bis|ter|quater|[a-z])([^a-z]|$)', 1), ''));

-- The second number in one label: 12-14, 12/14, 12 tot 14, 12A-12C; null where there is none.
CREATE OR REPLACE TEMP MACRO addr_second(label) AS
    try_cast(nullif(regexp_extract(addr_tail(label), '^ *[a-z]? *(-|/|\+|&|tot|en) *(nr)?\.? *([0-9]+)', 3), '') AS INTEGER);

-- A box in the label itself: 12 bus 3, 12/1; else null.
CREATE OR REPLACE TEMP MACRO addr_label_box(label) AS
    nullif(regexp_extract(addr_tail(label), '(/|bus|bte|box|app?t?\.?) *([0-9a-z.]+) *$', 2), '');

-- A box number without its leading zeros and points.
CREATE OR REPLACE TEMP MACRO addr_box(label) AS
    nullif(ltrim(regexp_replace(lower(label), '^ *(bus|bte|box)|[^0-9a-z]', '', 'g'), '0'), '');

-- A postcode as text, also when a spreadsheet made 2000.0 of it.
CREATE OR REPLACE TEMP MACRO addr_postcode(label) AS nullif(upper(replace(regexp_replace(trim(label), '[.,]0$', ''), ' ', '')), '');

-- Distance in the plane, in units of the CRS.
CREATE OR REPLACE TEMP MACRO addr_distance(ax, ay, bx, by_) AS sqrt((ax - bx) * (ax - bx) + (ay - by_) * (ay - by_));
