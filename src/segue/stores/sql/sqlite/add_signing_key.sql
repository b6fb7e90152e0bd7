INSERT INTO signing_keys (app_id, key_id, kind, algorithm, created_at, sealed_private)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE ?7 IS (
    SELECT key_id
    FROM signing_keys
    WHERE app_id = ?1 AND kind = ?3
    ORDER BY created_at DESC, key_id DESC
    LIMIT 1
)
RETURNING 1
