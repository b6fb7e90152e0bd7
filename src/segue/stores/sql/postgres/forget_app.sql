DELETE FROM segue.apps
WHERE app_id = $1
