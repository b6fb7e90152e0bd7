DELETE FROM limit_buckets
WHERE bucket IN (SELECT bucket FROM limit_buckets WHERE empty_at < ?1 ORDER BY empty_at LIMIT ?2)
RETURNING 1
