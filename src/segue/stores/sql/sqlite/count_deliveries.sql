SELECT state, count(*) FROM deliveries GROUP BY state
