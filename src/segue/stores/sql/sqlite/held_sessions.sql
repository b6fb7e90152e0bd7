SELECT handle
FROM deliveries INDEXED BY deliveries_held
WHERE app_id = ?1 AND held = 1
LIMIT ?2
