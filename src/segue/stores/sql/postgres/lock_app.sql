SELECT config, removed_at
FROM segue.apps
WHERE app_id = $1
FOR UPDATE
