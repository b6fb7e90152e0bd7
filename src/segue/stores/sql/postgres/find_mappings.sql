SELECT app_id, user_id, external_id, info
FROM segue.user_id_mappings
WHERE app_id = $1 AND user_id = $2
UNION ALL
SELECT app_id, user_id, external_id, info
FROM segue.user_id_mappings
WHERE app_id = $1 AND external_id = $3 AND user_id <> $2
