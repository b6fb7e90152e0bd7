-- compatible since: 3

-- All sign-ins of a person: a provider may end them together.
CREATE INDEX claims_by_subject ON segue.claims (app_id, subject_digest, claim_id);
