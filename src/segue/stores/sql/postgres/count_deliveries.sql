SELECT state, count(*) FROM segue.deliveries GROUP BY state
