INSERT INTO segue.schema_version (version) VALUES ($1)
