// The tables that @auth/pg-adapter 1.11.3 works on, as far as these applications need them.
export const TABLES = `
CREATE TABLE IF NOT EXISTS verification_token (
  identifier text, token text, expires timestamptz NOT NULL, PRIMARY KEY (identifier, token));
CREATE TABLE IF NOT EXISTS accounts (id serial PRIMARY KEY, "userId" integer NOT NULL, provider text);
CREATE TABLE IF NOT EXISTS sessions (
  id serial PRIMARY KEY, "userId" integer NOT NULL, expires timestamptz NOT NULL, "sessionToken" text NOT NULL);
CREATE TABLE IF NOT EXISTS users (
  id serial PRIMARY KEY, name text, email text, "emailVerified" timestamptz, image text);
`;
