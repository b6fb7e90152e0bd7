INSERT INTO deliveries (
    delivery_id, app_id, provider, claim_id, handle, sealed, created_at, due_at, attempts, state, last_error,
    held
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
