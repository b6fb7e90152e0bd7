DELETE FROM deliveries
WHERE row_id IN (SELECT row_id FROM deliveries WHERE app_id = ?1 LIMIT ?2)
RETURNING 1
