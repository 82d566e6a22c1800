"""The items of the feed of matches as SQL: one JSON text per advert, and one per building. `{part}` says which of them.

Lists of texts come apart where transforms/layer/match.sql, coalition.sql and advert_partner.sql join them.
"""

from __future__ import annotations

_FIT = "use := m.use, use_label := m.use_label, use_label_en := m.use_label_en, score := m.score, low := m.score_low, high := m.score_high"


def _list(column: str, separator: str = "; ") -> str:
    """Nothing is an empty list: it is known that nothing is."""
    return f"coalesce(string_split({column}, '{separator}'), [])"


ADVERT = f"""
    WITH part AS (SELECT * FROM temp.publish_advert WHERE {{part}}),
    suiting AS (
        SELECT m.request_id, list(struct_pack(place := m.request_place, building_id := m.building_id, {_FIT},
            usable_low_m2 := m.usable_low_m2, usable_high_m2 := m.usable_high_m2,
            rent_low_eur_m2_year := round(m.rent_low_eur_m2_year, 2), rent_high_eur_m2_year := round(m.rent_high_eur_m2_year, 2),
            why := {_list("m.why_building", " | ")}, why_en := {_list("m.why_building_en", " | ")},
            to_check := {_list("m.to_check")}, to_check_en := {_list("m.to_check_en")}) ORDER BY m.request_place) AS items
        FROM publish_match AS m SEMI JOIN part USING (request_id) WHERE m.request_place IS NOT NULL GROUP BY m.request_id
    ),
    offered AS (
        SELECT m.request_id, list(struct_pack(place := m.request_place, request_id := m.offer_id, {_FIT}) ORDER BY m.request_place) AS items
        FROM publish_advert_offer AS m SEMI JOIN part USING (request_id) WHERE m.request_place IS NOT NULL GROUP BY m.request_id
    ),
    seeking AS (
        SELECT m.offer_id AS request_id, list(struct_pack(place := m.offer_place, request_id := m.request_id, {_FIT}) ORDER BY m.offer_place) AS items
        FROM publish_advert_offer AS m SEMI JOIN part ON part.request_id = m.offer_id WHERE m.offer_place IS NOT NULL GROUP BY m.offer_id
    ),
    joining AS (
        SELECT m.request_id, list(struct_pack(place := m.place, request_id := m.partner_id, brings := m.brings,
            brings_label := {_list("m.brings_label")}, brings_label_en := {_list("m.brings_label_en")},
            sought_share := round(m.sought_share, 2), gets := m.gets, shared_uses := m.shared_uses) ORDER BY m.place) AS items
        FROM publish_advert_partner AS m SEMI JOIN part USING (request_id) GROUP BY m.request_id
    ),
    member AS (
        SELECT m.request_id, list(m.coalition_id ORDER BY m.coalition_id) AS items
        FROM publish_coalition AS m SEMI JOIN part USING (request_id) GROUP BY m.request_id
    )
    SELECT CAST(to_json(struct_pack(request_id := p.request_id, feed := p.feed, advert_id := substr(p.request_id, length(p.feed) + 2),
        kind := p.request_kind, who := p.who, who_en := p.who_en, buildings := coalesce(suiting.items, []), offers := coalesce(offered.items, []),
        seekers := coalesce(seeking.items, []), partners := coalesce(joining.items, []), coalitions := coalesce(member.items, []))) AS VARCHAR)
    FROM part AS p LEFT JOIN suiting USING (request_id) LEFT JOIN offered USING (request_id) LEFT JOIN seeking USING (request_id)
    LEFT JOIN joining USING (request_id) LEFT JOIN member USING (request_id)
    ORDER BY p.number
"""

BUILDING = f"""
    WITH part AS (SELECT * FROM temp.publish_place WHERE {{part}}),
    suited AS (
        SELECT m.building_id, list(struct_pack(place := m.building_place, request_id := m.request_id, kind := m.request_kind, {_FIT},
            who := m.who, who_en := m.who_en) ORDER BY m.building_place) AS items
        FROM publish_match AS m SEMI JOIN part USING (building_id) WHERE m.building_place IS NOT NULL GROUP BY m.building_id
    ),
    whole AS (
        SELECT m.building_id, m.coalition_id, any_value(m.place) AS place, struct_pack(coalition_id := m.coalition_id, place := any_value(m.place),
            member_count := any_value(m.member_count), usable_m2 := round(any_value(m.usable_m2), 1), filled_m2 := round(any_value(m.filled_m2), 1),
            fill_share := round(any_value(m.fill_share), 4), gap := round(any_value(m.gap), 4), score := any_value(m.score),
            search_status := any_value(m.search_status), to_ask_count := any_value(m.to_ask_count),
            exchange := {_list("any_value(m.exchange)")}, exchange_en := {_list("any_value(m.exchange_en)")},
            members := list(struct_pack(request_id := m.request_id, use := m.use, use_label := m.use_label, use_label_en := m.use_label_en,
                area_m2 := round(m.area_m2, 1), area_share := round(m.area_share, 4), is_to_ask := m.is_to_ask, who := m.who, who_en := m.who_en)
                ORDER BY m.area_m2 DESC, m.request_id)) AS item
        FROM publish_coalition AS m SEMI JOIN part USING (building_id) GROUP BY m.building_id, m.coalition_id
    ),
    filled AS (SELECT building_id, list(item ORDER BY place) AS items FROM whole GROUP BY building_id)
    SELECT CAST(to_json(struct_pack(building_id := p.building_id, adverts := coalesce(suited.items, []),
        coalitions := coalesce(filled.items, []))) AS VARCHAR)
    FROM part AS p LEFT JOIN suited USING (building_id) LEFT JOIN filled USING (building_id)
    ORDER BY p.number
"""
