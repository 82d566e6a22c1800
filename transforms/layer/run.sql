-- What made this layer: city, day, versions, counts; and who publishes it, where the city file says so.
-- inputs: layer.building, core.building, staging.reject, core.refusal, reference.publisher, reference.feed
-- key: name
-- params: city_name, nis_code, crs, as_of, run_id, config_version, version, weights, reference_hash, method_hash, data_hash
-- columns:
--   name | VARCHAR | - | Naam | Name of the fact // Naam van het feit
--   value | VARCHAR | - | Waarde | Its value // Waarde ervan
WITH old AS (
    -- This table is in the public products: what they do not rest on is no warning there.
    SELECT title, getvariable('as_of') - snapshot_on AS age_days, max_age_days
    FROM reference.feed WHERE age_days > max_age_days AND visibility = 'public'
)
SELECT unnest(['city', 'nis_code', 'crs', 'as_of', 'run_id', 'config_version',
        'version', 'weights', 'reference_hash', 'method_hash', 'data_hash', 'buildings', 'buildings_public', 'buildings_city', 'rejects', 'refusals',
        'publisher', 'publisher_url', 'contact_url', 'download_url',
        'warnings', 'warnings_en', 'overruled']) AS name,
    unnest([getvariable('city_name'), getvariable('nis_code'), getvariable('crs'), CAST(getvariable('as_of') AS VARCHAR), getvariable('run_id'),
        getvariable('config_version'), getvariable('version'), getvariable('weights'), getvariable('reference_hash'),
        getvariable('method_hash'), getvariable('data_hash'),
        (SELECT count(*) FROM core.building)::VARCHAR,
        (SELECT count(*) FROM layer.building WHERE audience = 'public')::VARCHAR,
        (SELECT count(*) FROM layer.building WHERE audience = 'city')::VARCHAR,
        (SELECT count(*) FROM staging.reject)::VARCHAR, (SELECT count(*) FROM core.refusal)::VARCHAR,
        p.name, p.url, p.contact_url,
        -- A layer scored with weights of somebody's own is not the one that is published there.
        CASE WHEN getvariable('weights') IS NULL THEN p.download_url END,
        (SELECT string_agg(format('{}: {} dagen oud, meer dan {}', title, age_days, max_age_days), '; ' ORDER BY title) FROM old),
        (SELECT string_agg(format('{}: {} days old, more than {}', title, age_days, max_age_days), '; ' ORDER BY title) FROM old),
        -- The gates come after this table, and write here what was overruled.
        NULL]) AS value
FROM (SELECT name::VARCHAR AS name, url::VARCHAR AS url, contact_url::VARCHAR AS contact_url, download_url::VARCHAR AS download_url
    FROM reference.publisher) AS p
