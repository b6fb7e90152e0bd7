-- Those that share an id with one of a list of [user id, external id, info].
SELECT app_id, user_id, external_id, info
FROM segue.user_id_mappings
WHERE app_id = $1 AND user_id = ANY (ARRAY(SELECT given->>0 FROM json_array_elements($2::json) AS given))
UNION ALL
SELECT app_id, user_id, external_id, info
FROM segue.user_id_mappings
WHERE app_id = $1 AND external_id = ANY (ARRAY(SELECT given->>1 FROM json_array_elements($2::json) AS given))
