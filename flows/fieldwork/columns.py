"""The columns of a field list: what it says of a building, and what the visitor fills in."""

from __future__ import annotations

KEYS = ("list_id", "row_id", "building_id")
"""What ties a row that comes back to the row that went out."""
TOLD = ("name", "type_label", "address", "stratum", "inclusion_probability")
# No score and no reason: who knows what is expected sees it, and the check would measure nothing.
FILLED = ("seen_on", "seen_use", "share_empty", "access", "note", "photo", "objection")
"""What the visitor fills in."""
CHECKED = (*KEYS, *FILLED)

USES = {
    "in_use": ("in gebruik", "in use"),
    "partly": ("deels in gebruik", "partly in use"),
    "out_of_use": ("buiten gebruik", "out of use"),
    "gone": ("gebouw is weg", "building is gone"),
    "not_seen": ("niet kunnen zien", "could not be seen"),
}
"""What was seen of the building's use: value -> Dutch, English."""
KINDS = {"in_use": "field_check_in_use", "partly": "field_check_partly", "out_of_use": "field_check_out_of_use"}
"""Which kind of evidence that is; what is not here says nothing of use."""
ACCESS = {
    "inside": ("binnen geweest", "went in"),
    "street": ("vanaf de straat", "from the street"),
    "none": ("geen toegang of zicht", "no access, no view"),
}
"""From where it was seen."""
NOTE_MAX, PHOTO_MAX = 500, 200
LIST_ID = r"[a-z][a-z0-9_]*-\d{4}-\d{2}-\d{2}-[0-9a-f]{8}"
"""`<city>-<day of the run>-<hash of what it was drawn from>`."""
