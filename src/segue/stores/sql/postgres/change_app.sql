UPDATE segue.apps
SET config = $2
WHERE app_id = $1
