// What the old provider's SDK does in a page: authorization code with PKCE (RFC 7636), tokens in localStorage.
//
// This is the world that users come from. Nothing here knows about the new session.

const TOKENS = "old-provider.tokens";
const PENDING = "old-provider.pending";
const EARLY = 30_000; // refresh when less than this is left, in milliseconds

/** The tokens of this browser, or null: {access, refresh, id, expiresAt}. */
export const tokens = () => JSON.parse(localStorage.getItem(TOKENS) ?? "null");

export const forget = () => localStorage.removeItem(TOKENS);

/** What a JWT says, unverified: for showing, never for deciding. */
export function claims(jwt) {
  const text = atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
}

/** Leave for the provider's sign-in page. */
export async function signIn(provider) {
  const pending = { state: random(), nonce: random(), verifier: random() };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const { authorization_endpoint: address } = await discover(provider.issuer);
  const query = new URLSearchParams({
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: provider.redirectUri,
    scope: "openid profile offline_access",
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await s256(pending.verifier),
    code_challenge_method: "S256",
  });
  location.assign(`${address}?${query}`);
}

/** Come back from it: turn the code in the address into tokens. Tells whether there was one. */
export async function comeBack(provider) {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state")) return false;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", location.pathname); // a code in the address bar is for nobody else
  if (answer.get("state") !== pending?.state) return false;
  if (answer.has("error")) throw new Error(answer.get("error_description") ?? answer.get("error"));
  if (answer.get("iss") !== provider.issuer) throw new Error("another provider answered");
  const form = {
    grant_type: "authorization_code",
    code: answer.get("code"),
    redirect_uri: provider.redirectUri,
    code_verifier: pending.verifier,
  };
  await askForTokens(provider, form, pending.nonce);
  return true;
}

/** The tokens, with an access token that is still good; null when nobody is signed in there any more. */
export async function freshTokens(provider) {
  const held = tokens();
  if (held === null || held.expiresAt - Date.now() > EARLY) return held;
  await askForTokens(provider, { grant_type: "refresh_token", refresh_token: held.refresh });
  return tokens();
}

/** End the provider's own session. It may be down: that is worth a sentence, never a failure. */
export async function logOut(provider, idToken) {
  const { end_session_endpoint: address } = await discover(provider.issuer);
  const form = new URLSearchParams({ id_token_hint: idToken, client_id: provider.clientId });
  const response = await fetch(address, { method: "POST", body: form, signal: AbortSignal.timeout(3000) });
  return response.ok;
}

async function askForTokens(provider, form, nonce) {
  const { token_endpoint: address } = await discover(provider.issuer);
  const body = new URLSearchParams({ ...form, client_id: provider.clientId });
  const response = await fetch(address, { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) {
    forget();
    throw new Error(`the old provider refused: ${answer.error}`);
  }
  if (nonce !== undefined && claims(answer.id_token).nonce !== nonce) throw new Error("an ID token of another sign-in");
  const held = {
    access: answer.access_token,
    refresh: answer.refresh_token,
    id: answer.id_token,
    expiresAt: Date.now() + answer.expires_in * 1000,
  };
  localStorage.setItem(TOKENS, JSON.stringify(held));
}

async function discover(issuer) {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(3000) });
  return response.json();
}

async function s256(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
