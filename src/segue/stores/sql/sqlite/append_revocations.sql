INSERT INTO revocations (app_id, handle, revoked_at)
SELECT ?1, value, ?3 FROM json_each(?2)
