-- bucket, cost, capacity, now
INSERT INTO segue.limit_buckets AS kept (bucket, empty_at)
VALUES ($1, $4::bigint + least($2::bigint, $3::bigint))
ON CONFLICT (bucket) DO UPDATE
SET empty_at = least(greatest(kept.empty_at, $4::bigint) + $2::bigint, $4::bigint + $3::bigint)
RETURNING empty_at
