SELECT provider, state, count(*)
FROM segue.deliveries
WHERE app_id = $1
GROUP BY provider, state
ORDER BY provider, state
