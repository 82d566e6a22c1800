-- A street name as two clerks would both understand it: the one spelling of the floors and of the address matcher.

-- Which short form stands for which word; both sides are written out, so it does not matter who abbreviates. `whole` forms are
-- words of their own (with or without a dot), the others are endings.
CREATE OR REPLACE TEMP MACRO street_words(name) AS
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

-- What two spellings of a street name share: no case, accents, spaces or punctuation; ij = y. "pl." is a plein here. Null where
-- nothing is left.
CREATE OR REPLACE TEMP MACRO street_key(name) AS
    nullif(regexp_replace(replace(regexp_replace(street_words(name), '([a-z ])pl\.? *$', '\1plein'), 'ij', 'y'), '[^a-z0-9]', '', 'g'), '');

-- The other reading of "pl."; null where a name has only one.
CREATE OR REPLACE TEMP MACRO street_key_other(name) AS
    CASE WHEN regexp_matches(street_words(name), '[a-z ]pl\.? *$')
         THEN regexp_replace(replace(regexp_replace(street_words(name), '([a-z ])pl\.? *$', '\1plaats'), 'ij', 'y'), '[^a-z0-9]', '', 'g') END;
