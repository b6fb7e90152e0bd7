UPDATE deliveries
SET state = ?2,
    due_at = ?3,
    last_error = ?4,
    settled_at = CASE WHEN ?2 = 'pending' THEN NULL ELSE ?5 END,
    sealed = CASE WHEN ?2 = 'pending' THEN sealed ELSE x'' END
WHERE delivery_id = ?1 AND state = 'pending'
