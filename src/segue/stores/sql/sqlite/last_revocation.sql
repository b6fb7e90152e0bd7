-- The table's own counter: it stays when the entries go.
SELECT seq FROM sqlite_sequence WHERE name = 'revocations'
