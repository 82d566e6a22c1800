-- Each observation as a sentence a citizen understands: no codes, a tag only beside the words for it.
-- inputs: evidence.item, reference.evidence_kind, reference.tag_rule, reference.building_type
-- key: item_id
-- columns:
--   item_id | VARCHAR | - | Waarneming | observation
--   text_nl | VARCHAR | - | Zin | in Dutch, without detail of a register
--   text_en | VARCHAR | - | Zin (Engels) | in English
--   part | VARCHAR | - | Deel | what the register says is empty, in its own words: for the city alone; null where it names none
WITH tag AS (
    -- What a tag names in plain words, whatever prefix it stands under.
    SELECT k.tag, t.label_nl, t.label_en
    FROM (
        SELECT tag, regexp_extract(tag, '^(?:[a-z]+:)?([a-z_]+)=', 1) AS key, regexp_extract(tag, '=(.*)$', 1) AS value
        FROM (SELECT DISTINCT unnest(string_split(detail, ' + ')) AS tag FROM evidence.item WHERE authority = 'OpenStreetMap')
    ) AS k
    JOIN reference.tag_rule AS r ON r.key = k.key AND r.value IN (k.value, '*')
    JOIN reference.building_type AS t ON t.type = r.type
    WHERE k.value NOT IN ('yes', 'no', 'vacant')
    QUALIFY row_number() OVER (PARTITION BY k.tag ORDER BY r.value = '*') = 1
),
word AS (
    SELECT i.item_id, i.kind, k.label_nl, k.label_en, i.detail LIKE 'opening_hours=%' AS is_hours,
        coalesce(' als ' || u.label_nl, '') AS as_nl, coalesce(' as ' || u.label_en, '') AS as_en,
        coalesce(' als ' || f.label_nl, '') AS was_nl, coalesce(' as ' || f.label_en, '') AS was_en,
        ' (' || CASE WHEN length(i.detail) > 70 THEN i.detail[:69] || '…' ELSE i.detail END || ')' AS tagged,
        strftime(i.observed_on, '%d/%m/%Y') AS on_nl, strftime(i.observed_on, '%Y-%m-%d') AS on_en,
        nullif(regexp_extract(i.detail, '[0-9]{4}-[0-9]{2}-[0-9]{2}$'), '') AS listed_on,
        trim(regexp_replace(i.detail, '(, )?[0-9]{4}-[0-9]{2}-[0-9]{2}$', '')) AS part
    FROM evidence.item AS i
    JOIN reference.evidence_kind AS k USING (kind)
    LEFT JOIN tag AS u ON u.tag = split_part(i.detail, ' + ', 1)
    LEFT JOIN tag AS f ON f.tag = split_part(i.detail, ' + ', 2)
),
dated AS (
    SELECT *, coalesce(' sinds ' || strftime(try_cast(listed_on AS DATE), '%d/%m/%Y'), '') AS since_nl,
        coalesce(' since ' || listed_on, '') AS since_en
    FROM word
),
told AS (
    SELECT item_id,
        CASE kind
            WHEN 'register_active' THEN 'in het leegstandsregister van de gemeente' || since_nl
            WHEN 'register_announced' THEN 'de gemeente kondigde opname in het leegstandsregister aan'
            WHEN 'register_appealed' THEN 'in het leegstandsregister van de gemeente' || since_nl || ', maar dat wordt betwist'
            WHEN 'register_premises' THEN 'in de inventaris van leegstaande bedrijfsruimten' || since_nl
            WHEN 'register_striking_off_requested' THEN 'in het leegstandsregister' || since_nl || ', maar schrapping is aangevraagd'
            WHEN 'register_struck_off' THEN 'geschrapt uit het leegstandsregister'
            WHEN 'osm_disused' THEN 'aanwijzing: volgens OpenStreetMap buiten gebruik' || tagged || ', gezien op ' || on_nl
            WHEN 'osm_former_use' THEN 'aanwijzing: volgens OpenStreetMap gesloten' || as_nl || tagged || ', gezien op ' || on_nl
            WHEN 'osm_unclear_lifecycle' THEN 'onduidelijke aanwijzing in OpenStreetMap: misschien niet meer in gebruik' || as_nl || tagged || ', gezien op ' || on_nl
            WHEN 'osm_recent_use' THEN CASE WHEN is_hours THEN 'openingsuren in OpenStreetMap' ELSE 'volgens OpenStreetMap in gebruik' || as_nl END
                || tagged || ', gezien op ' || on_nl
            WHEN 'osm_present_use' THEN 'volgens OpenStreetMap nu in gebruik' || as_nl || ', na een vroeger gebruik' || was_nl || tagged || ', gezien op ' || on_nl
            ELSE label_nl || CASE WHEN kind LIKE 'register%' THEN '' ELSE ', op ' || on_nl END
        END AS text_nl,
        CASE kind
            WHEN 'register_active' THEN 'in the vacancy register of the municipality' || since_en
            WHEN 'register_announced' THEN 'the municipality announced a listing in the vacancy register'
            WHEN 'register_appealed' THEN 'in the vacancy register of the municipality' || since_en || ', but under appeal'
            WHEN 'register_premises' THEN 'in the inventory of vacant business premises' || since_en
            WHEN 'register_striking_off_requested' THEN 'in the vacancy register' || since_en || ', but striking-off was requested'
            WHEN 'register_struck_off' THEN 'struck off the vacancy register'
            WHEN 'osm_disused' THEN 'signal: out of use according to OpenStreetMap' || tagged || ', seen on ' || on_en
            WHEN 'osm_former_use' THEN 'signal: closed' || as_en || ' according to OpenStreetMap' || tagged || ', seen on ' || on_en
            WHEN 'osm_unclear_lifecycle' THEN 'unclear signal in OpenStreetMap: perhaps no longer in use' || as_en || tagged || ', seen on ' || on_en
            WHEN 'osm_recent_use' THEN CASE WHEN is_hours THEN 'opening hours in OpenStreetMap' ELSE 'in use' || as_en || ' according to OpenStreetMap' END
                || tagged || ', seen on ' || on_en
            WHEN 'osm_present_use' THEN 'now in use' || as_en || ' according to OpenStreetMap, after a former use' || was_en || tagged || ', seen on ' || on_en
            ELSE label_en || CASE WHEN kind LIKE 'register%' THEN '' ELSE ', on ' || on_en END
        END AS text_en,
        -- nvt: the register has nothing to say here.
        CASE WHEN kind LIKE 'register%' AND lower(part) NOT IN ('', 'nvt', 'n.v.t.', '-') THEN part END AS part
    FROM dated
)
-- A bar separates the reasons of a building.
SELECT item_id, replace(text_nl, '|', '/') AS text_nl, replace(text_en, '|', '/') AS text_en, replace(part, '|', '/') AS part
FROM told
