DELETE FROM deliveries
WHERE row_id IN (
    SELECT row_id FROM deliveries WHERE state = ?1 AND settled_at < ?2 ORDER BY settled_at LIMIT ?3
)
RETURNING 1
