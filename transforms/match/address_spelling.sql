-- Spelling rules of the address matcher: a street name and a house number as two clerks would both understand them.

-- Which short form stands for which word; both sides are written out, so it does not matter who abbreviates. `whole` forms are
-- words of their own (with or without a dot), the others are endings.
CREATE OR REPLACE TEMP MACRO addr_words(name) AS
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(regexp_replace(
        -- A district behind the name, (Berchem) or _BE as CRAB tells namesakes apart, means the place, not the name.
        ' ' || regexp_replace(lower(strip_accents(trim(name))), '\(.*\)|_[a-z]{1,4} *$', '', 'g') || ' ',
        '([ -])st[. -]+', '\1sint ', 'g'),
        '([ -])o\.? ?-?l\.? ?-?v(r|rouw)?\.?([ -])', '\1onze lieve vrouw\3', 'g'),
        '([ -])o\.? ?-?l\.? ?-?(vrouw)', '\1onze lieve \2', 'g'),
        '([ -])burg(em)?m?\.[ -]*', '\1burgemeester ', 'g'),
        '^ burg ([a-z]+ [a-z]|[a-z]{4})', ' burgemeester \1'),
        '([ -])(dr\.[ -]*|dokter |doctor )([a-z])', '\1dr \3', 'g'),
        '([ -])prof\.?[ -]+', '\1professor ', 'g'),
        '([ -])kard\.?[ -]+', '\1kardinaal ', 'g'),
        '([ -])mgr\.?[ -]+', '\1monseigneur ', 'g'),
        '([ -])(gen|gener)\.[ -]*', '\1generaal ', 'g'),
        '([ -])kap(t|it)\.[ -]*', '\1kapitein ', 'g'),
        '([ -])(gebr)\.?[ -]+', '\1gebroeders ', 'g'),
        '([ -])past\.[ -]*', '\1pastoor ', 'g'),
        '([ -])kan\.[ -]*', '\1kanunnik ', 'g'),
        '(stwg|stw|steenw)\.? +$', 'steenweg '),
        'str\. *$', 'straat '),
        '([ -]?)(ln)\. *$|([a-z]{3})ln +$', '\1\3laan '),
        '([a-z]{3})str +$', '\1straat ');

-- What two spellings of a street name share: no case, accents, spaces or punctuation; ij = y. "pl." is a plein here.
CREATE OR REPLACE TEMP MACRO addr_street(name) AS
    nullif(regexp_replace(replace(regexp_replace(addr_words(name), '([a-z ])pl\.? *$', '\1plein'), 'ij', 'y'), '[^a-z0-9]', '', 'g'), '');

-- The other reading of "pl."; null where a name has only one.
CREATE OR REPLACE TEMP MACRO addr_street_other(name) AS
    CASE WHEN regexp_matches(addr_words(name), '[a-z ]pl\.? *$')
         THEN regexp_replace(replace(regexp_replace(addr_words(name), '([a-z ])pl\.? *$', '\1plaats'), 'ij', 'y'), '[^a-z0-9]', '', 'g') END;

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
