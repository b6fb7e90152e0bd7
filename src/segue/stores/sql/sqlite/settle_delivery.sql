UPDATE deliveries
SET state = ?2,
    due_at = ?3,
    last_error = ?4,
    sealed = CASE WHEN ?2 = 'pending' THEN sealed ELSE x'' END
WHERE delivery_id = ?1 AND state = 'pending'
