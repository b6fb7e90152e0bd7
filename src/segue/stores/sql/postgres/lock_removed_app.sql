SELECT 1
FROM segue.apps
WHERE app_id = $1 AND removed_at = $2
FOR UPDATE
