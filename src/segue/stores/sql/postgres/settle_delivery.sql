UPDATE segue.deliveries
SET state = $2::text,
    due_at = $3,
    last_error = $4,
    settled_at = CASE WHEN $2::text = 'pending' THEN NULL ELSE $5::bigint END,
    sealed = CASE WHEN $2::text = 'pending' THEN sealed ELSE ''::bytea END
WHERE delivery_id = $1 AND state = 'pending'
