SELECT provider, state, count(*)
FROM deliveries
WHERE app_id = ?1
GROUP BY provider, state
ORDER BY provider, state
