// The previous auth provider of the browser tests: npm's oidc-provider with a sign-in page of its own, on loopback.
//
// Three clients: `web` (confidential: a back end, may introspect), `spa` (public, PKCE, CORS for
// WEB_ORIGINS alone; JWT access tokens for AUDIENCE and refresh tokens that work once) and `other` (must be refused).
// Any name and any non-empty password sign in; the name becomes the subject.
// KEYS_FILE keeps the signing keys, so that a killed and restarted provider is the same issuer with the same keys.
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';

import Provider from 'oidc-provider';

const env = process.env;
const origin = `http://127.0.0.1:${env.PORT}`;
const issuer = env.ISSUER || origin;
const alg = env.ALG || 'RS256';
const audience = env.AUDIENCE;
const webOrigins = (env.WEB_ORIGINS || '').split(',').filter(Boolean);
const lifetime = Number(env.ACCESS_LIFETIME || 3600);
const fortnight = 14 * 24 * 3600;
const cookieKeys = [randomBytes(24).toString('hex')];
const seen = {}; // requests by path, for the tests that must know whether the provider was asked at all

// --- keys ------------------------------------------------------------------------------------------------------------

const generate = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

function newKey() {
  const jwk = generate[alg]().privateKey.export({ format: 'jwk' });
  return { ...jwk, use: 'sig', alg, kid: randomBytes(8).toString('hex') };
}

function keep(keys) {
  if (env.KEYS_FILE) writeFileSync(env.KEYS_FILE, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

const stored = env.KEYS_FILE && existsSync(env.KEYS_FILE);
let keys = stored ? JSON.parse(readFileSync(env.KEYS_FILE, 'utf8')) : keep([newKey()]);
keys.forEach((key) => createPrivateKey({ key, format: 'jwk' })); // a broken file stops us here, with its reason

// --- the provider ----------------------------------------------------------------------------------------------------

const callback = `${origin}/callback`;
const common = (id) => ({
  client_id: id,
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  id_token_signed_response_alg: alg,
  require_auth_time: true,
  scope: 'openid email offline_access api',
  backchannel_logout_uri: env.LOGOUT_URI || `${origin}/_control/backchannel`,
  backchannel_logout_session_required: true, // this is what puts `sid` into its ID tokens
});
const confidential = (id) => ({ ...common(id), client_secret: `${id}-secret`, redirect_uris: [callback] });
const pages = webOrigins.map((page) => `${page}/`);
const spa = {
  ...common('spa'),
  token_endpoint_auth_method: 'none',
  redirect_uris: [callback, ...pages],
  post_logout_redirect_uris: pages,
};

async function grantAll(ctx) {
  const { client, session, provider, params } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known)))
    || new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  for (const api of new Set([audience, params.resource ?? audience].flat())) grant.addResourceScope(api, 'openid api');
  await grant.save();
  return grant;
}

const account = (_ctx, id) => ({
  accountId: id,
  claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true }),
});

function build() {
  const provider = new Provider(issuer, {
    clients: [confidential('web'), confidential('other'), spa],
    jwks: { keys },
    cookies: { keys: cookieKeys },
    // Its own fetch refuses loopback addresses; here the application is on loopback.
    fetch: (url, { dispatcher, ...rest }) => fetch(url, rest),
    clientBasedCORS: (_ctx, page, client) => client.clientId === 'spa' && webOrigins.includes(page),
    findAccount: account,
    loadExistingGrant: grantAll, // no consent page: all three clients are the owner's own
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    scopes: ['openid', 'offline_access', 'email', 'api'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    interactions: { url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    ttl: {
      AccessToken: lifetime, IdToken: lifetime,
      Session: fortnight, Grant: fortnight, RefreshToken: fortnight, Interaction: 3600,
    },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(generate) },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, client, oneOf) => oneOf ?? (client?.clientId === 'spa' ? audience : undefined),
        useGrantedResource: (_ctx, granted) => granted.clientId === 'spa',
        getResourceServerInfo: (_ctx, resource) => ({
          scope: 'openid api', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg } },
        }),
      },
    },
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  return { provider, handle: provider.callback() };
}

let running = build();

// --- its pages and the operator's hand -------------------------------------------------------------------------------

const signInPage = `<!doctype html><meta charset="utf-8"><title>Old provider</title>
<form method="post"><h1>Sign in at the old provider</h1>
<label>Name <input name="login" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>`;

async function formOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

async function signIn(request, response) {
  const form = request.method === 'POST' ? await formOf(request) : new URLSearchParams();
  if (!form.get('login') || !form.get('password')) {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return response.end(signInPage);
  }
  const result = { login: { accountId: form.get('login') } };
  return running.provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const kids = () => keys.map((key) => key.kid);
const control = {
  'GET /_control/seen': () => seen,
  // An operator's rotation: a new key first, the old ones still published; then the old ones dropped.
  'POST /_control/rotate': () => { keys = keep([newKey(), ...keys]); running = build(); return kids(); },
  'POST /_control/retire': () => { keys = keep(keys.slice(0, 1)); running = build(); return kids(); },
  'POST /_control/backchannel': () => ({}),
};

http.createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  const operator = control[`${request.method} ${path}`];
  if (operator) {
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(operator()));
  }
  seen[path] = (seen[path] || 0) + 1;
  if (path === '/favicon.ico') return response.writeHead(204).end();
  return path.startsWith('/sign-in/') ? signIn(request, response) : running.handle(request, response);
}).listen(Number(env.PORT), '127.0.0.1');
