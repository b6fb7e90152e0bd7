UPDATE segue.user_id_mappings
SET info = $4
WHERE app_id = $1 AND user_id = $2 AND external_id = $3
RETURNING 1
