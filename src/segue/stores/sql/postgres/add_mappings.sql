-- A list of [user id, external id, info].
INSERT INTO segue.user_id_mappings (app_id, user_id, external_id, info)
SELECT $1::text, given->>0, given->>1, given->>2
FROM json_array_elements($2::json) AS given
ON CONFLICT DO NOTHING
RETURNING user_id, external_id
