"""What `explain` asks the warehouse about one building: name of the answer -> query; $id and $audience are put in as literals.

A query added here appears in the JSON under its name, with its columns as keys (docs/explain.schema.json).
"""

from __future__ import annotations

# Made first: the addresses of the building, which several answers need and which no order of rows brings together.
OWN_ADDRESS = """
    CREATE OR REPLACE TEMP TABLE own_address AS
    SELECT feed, street, street_key, house_number, number_value, box_number, postcode, municipality
    FROM core.address WHERE building_id = $id
"""

# Answers of one row, or of none.
ONE = {
    "run": """
        SELECT max(value) FILTER (name = 'as_of') AS as_of, max(value) FILTER (name = 'run_id') AS run_id,
            max(value) FILTER (name = 'config_version') AS config_version
        FROM layer.run
    """,
    "building": """
        SELECT b.building_id, b.name,
            CASE WHEN b.state = 'standing' AND b.building_id NOT IN (SELECT building_id FROM core.standing)
                 THEN 'gone, by a register' ELSE b.state END AS state,
            b.is_official, b.official_type, b.osm_ids, b.feed, f.source, f.title, b.footprint_m2, z.height_m, z.height_low_m, z.height_high_m,
            z.height_source, z.floors, z.floors_low, z.floors_high, z.floors_source, b.observed_on
        FROM core.building AS b LEFT JOIN score.size AS z USING (building_id) LEFT JOIN reference.feed AS f ON f.feed = b.feed
        WHERE b.building_id = $id
    """,
    "type": """
        SELECT t.type, k.label_nl, k.label_en, t.confidence, t.disagreement, t.former_type, f.label_nl AS former_label_nl,
            f.label_en AS former_label_en, t.is_atypical, t.is_residential
        FROM score.type AS t
        LEFT JOIN reference.building_type AS k ON k.type = t.type
        LEFT JOIN reference.building_type AS f ON f.type = t.former_type
        WHERE t.building_id = $id
    """,
    "site": """
        SELECT m.site_id, s.name, m.is_main, m.methods, m.score, s.building_count, s.footprint_m2, s.floor_area_low_m2,
            s.floor_area_high_m2, s.probability, s.low, s.high, s.band, s.log_odds, s.priority_score
        FROM score.site_member AS m JOIN score.site AS s USING (audience, site_id)
        WHERE m.building_id = $id AND m.audience = $audience
    """,
    "scores": """
        SELECT atypicality_score, underuse_log_odds, underuse_probability, underuse_low, underuse_high, underuse_band,
            u.sd AS underuse_sd, u.legal_status, s.positive_count, s.evidence_count, reuse_best, reuse_score, reuse_low, reuse_high, priority_score
        FROM score.building AS s JOIN score.underuse AS u USING (audience, building_id)
        WHERE s.building_id = $id AND s.audience = $audience
    """,
    "layer": """
        SELECT priority_rank, priority_rank_low, priority_rank_high, priority_rank_is_stable,
            (SELECT count(*) FROM layer.building WHERE audience = $audience) AS out_of, reasons, reasons_en,
            vacant_share_low, vacant_share_high
        FROM layer.building WHERE building_id = $id AND audience = $audience
    """,
}

# Answers of any number of rows.
MANY = {
    "votes": """
        SELECT v.type, k.label_nl, k.label_en, v.tier, v.origin, v.is_former, v.weight, v.source
        FROM score.type_vote AS v JOIN reference.building_type AS k ON k.type = v.type
        WHERE v.building_id = $id ORDER BY v.weight DESC, v.type, v.tier, v.origin, v.is_former
    """,
    "heritage": """
        SELECT designation_id, name, label_nl, class, share FROM score.heritage
        WHERE building_id = $id ORDER BY place, designation_id
    """,
    "addresses": """
        SELECT DISTINCT concat_ws(' ', street, house_number, 'bus ' || box_number) AS address, postcode, municipality
        FROM own_address ORDER BY ALL
    """,
    "parcels": """
        SELECT capakey, share, is_main FROM core.link_parcel
        WHERE building_id = $id ORDER BY is_main DESC, share DESC, capakey
    """,
    "underuse": """
        SELECT item, kind, value, value_sd, observed_on, detail_nl, detail_en FROM score.underuse_part
        WHERE building_id = $id AND audience = $audience
        ORDER BY kind <> 'prior', kind <> 'cap', abs(value) DESC, item
    """,
    "unheard": """
        SELECT u.authority, a.label_nl, a.label_en, u.variance
        FROM score.silence AS u JOIN score.type AS t USING (type) JOIN reference.evidence_authority AS a USING (authority)
        WHERE NOT u.is_heard AND t.building_id = $id AND u.audience = $audience ORDER BY u.variance DESC, u.authority
    """,
    # Which row of a register, and which part, is for the city alone.
    "evidence": """
        SELECT i.item_id, i.kind, k.label_nl, k.label_en, s.text_nl, s.text_en,
            CASE WHEN $audience = 'city' THEN s.part END AS part,
            CASE WHEN $audience = 'city' OR i.kind NOT LIKE 'register%' THEN i.detail END AS detail,
            CASE WHEN $audience = 'city' OR i.kind NOT LIKE 'register%' THEN i.source_id END AS source_id,
            i.authority, i.feed, f.source, f.title, i.visibility, i.observed_on, i.age_days, i.freshness, i.match_method,
            i.match_score, i.log_lr, i.log_lr_sd, i.effect, p.value AS adds
        FROM evidence.item AS i
        JOIN score.underuse_part AS p ON p.building_id = i.building_id AND p.item = i.item_id AND p.audience = $audience
        JOIN evidence.sentence AS s USING (item_id)
        JOIN reference.evidence_kind AS k ON k.kind = i.kind
        JOIN reference.feed AS f ON f.feed = i.feed
        WHERE i.building_id = $id ORDER BY abs(p.value) DESC, abs(i.effect) DESC, i.item_id
    """,
    "atypicality": """
        SELECT item, value, detail_nl, detail_en FROM score.atypicality_part
        WHERE building_id = $id ORDER BY abs(value) DESC, item
    """,
    "reuse": """
        SELECT r.use, u.label_nl, u.label_en, r.place, r.score, r.low, r.high, r.known_count, r.known_share, r.to_check, r.veto
        FROM score.reuse AS r JOIN reference.reuse_use AS u USING (use)
        WHERE r.building_id = $id ORDER BY r.place NULLS LAST, r.middle DESC, r.use
    """,
    "reuse_parts": """
        SELECT p.use, p.criterion, c.label_nl, c.label_en, p.class, p.classes, p.level, p.level_low, p.level_high, p.value
        FROM score.reuse_part AS p JOIN reference.reuse_criterion AS c USING (criterion)
        WHERE p.building_id = $id ORDER BY p.use, p.value DESC, p.criterion
    """,
    "criteria": "SELECT criterion, label_nl, label_en FROM reference.reuse_criterion ORDER BY criterion",
    "priority": """
        SELECT item, value, detail_nl, detail_en FROM score.priority_part
        WHERE building_id = $id AND audience = $audience ORDER BY value DESC, item
    """,
    "links": """
        SELECT kind, other_id, method, score FROM core.link
        WHERE building_id = $id AND ($audience = 'city' OR kind NOT IN ('register_row', 'observation'))
        ORDER BY kind, score DESC, other_id
    """,
    # Matches not made: outlines with this building on one side; register rows that name its parcel, or one of its addresses.
    "refusals": """
        SELECT r.table_name, r.row_id, r.reason, r.value FROM core.refusal AS r
        WHERE r.table_name = 'core.link_footprint' AND list_contains(string_split(r.row_id, '/'), $id)
        UNION
        SELECT r.table_name, r.row_id, r.reason, r.value
        FROM core.refusal AS r
        JOIN staging.register_row AS s ON s.feed || '/' || s.register_id = r.row_id
        WHERE r.table_name = 'core.link_register' AND $audience = 'city' AND (
            s.capakey IN (SELECT capakey FROM core.link_parcel WHERE building_id = $id)
            OR EXISTS (
                SELECT 1 FROM own_address AS a
                WHERE (a.street_key = s.street_key AND a.number_value = s.number_value)
                    OR contains('; ' || split_part(r.value, ' -> ', 2), '; ' || a.street || ' ' || a.house_number || ' at ')
            )
        )
        ORDER BY ALL
    """,
    "sources": """
        WITH used AS (
            SELECT feed FROM core.building WHERE building_id = $id
            UNION SELECT feed FROM core.tag WHERE building_id = $id
            UNION SELECT feed FROM own_address
            UNION SELECT feed FROM evidence.item WHERE building_id = $id
            UNION SELECT p.feed FROM core.link_parcel AS l JOIN staging.parcel AS p USING (parcel_id) WHERE l.building_id = $id
            UNION SELECT d.feed FROM core.link_designation AS l JOIN staging.designation AS d USING (designation_id)
                WHERE l.building_id = $id
        )
        SELECT f.feed, f.source, f.title, f.publisher, f.licence, f.licence_uri, f.attribution, f.visibility, f.snapshot_on
        FROM used JOIN reference.feed AS f USING (feed)
        WHERE f.visibility = 'public' OR $audience = 'city' ORDER BY f.feed
    """,
}
