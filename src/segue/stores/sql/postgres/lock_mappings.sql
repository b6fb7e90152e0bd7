-- Held until the transaction ends, against others who import for the same app: in another order the two would deadlock.
SELECT pg_advisory_xact_lock(hashtextextended($1::text, 7308607158271832422))
