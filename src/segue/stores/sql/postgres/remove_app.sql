UPDATE segue.apps
SET removed_at = $2
WHERE app_id = $1 AND removed_at IS NULL
RETURNING 1
