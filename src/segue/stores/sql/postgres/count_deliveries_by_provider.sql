SELECT provider, state, coalesce(last_error, ''), count(*)
FROM segue.deliveries
WHERE app_id = $1
GROUP BY provider, state, coalesce(last_error, '')
