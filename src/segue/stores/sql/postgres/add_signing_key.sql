INSERT INTO segue.signing_keys (app_id, key_id, kind, algorithm, created_at, sealed_private)
SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint, $6::bytea
WHERE $7::text IS NOT DISTINCT FROM (
    SELECT key_id
    FROM segue.signing_keys
    WHERE app_id = $1::text AND kind = $3::text
    ORDER BY created_at DESC, key_id DESC
    LIMIT 1
)
RETURNING 1
