SELECT handle
FROM segue.deliveries
WHERE app_id = $1 AND held = 1
ORDER BY handle DESC
LIMIT $2
