SELECT handle
FROM deliveries INDEXED BY deliveries_held
WHERE app_id = ?1 AND held = 1
ORDER BY handle DESC
LIMIT ?2
