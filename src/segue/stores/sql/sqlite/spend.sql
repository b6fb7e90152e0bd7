-- bucket, cost, capacity, now
INSERT INTO limit_buckets (bucket, empty_at)
VALUES (?1, ?4 + min(?2, ?3))
ON CONFLICT (bucket) DO UPDATE
SET empty_at = min(max(empty_at, ?4) + ?2, ?4 + ?3)
RETURNING empty_at
