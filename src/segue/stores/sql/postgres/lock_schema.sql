-- Held until the transaction ends, against other instances that start at the same time. The number is only ours.
SELECT pg_advisory_xact_lock(7308607158271832421)
