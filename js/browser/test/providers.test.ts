// Adapters: what each makes of its SDK's answers. That the SDKs fit at all is seen to in types.ts, by the compiler.

import type { OldSession } from "../src/ports.js";
import { auth0 } from "../src/providers/auth0.js";
import { betterAuth } from "../src/providers/better-auth.js";
import { clerk } from "../src/providers/clerk.js";
import { cognito } from "../src/providers/cognito.js";
import { cookie } from "../src/providers/cookie.js";
import { firebase } from "../src/providers/firebase.js";
import { keycloak } from "../src/providers/keycloak.js";
import { msal } from "../src/providers/msal.js";
import { oidc } from "../src/providers/oidc.js";
import { okta } from "../src/providers/okta.js";
import { storedToken } from "../src/providers/stored-token.js";
import { supabase } from "../src/providers/supabase.js";
import { workos } from "../src/providers/workos.js";
import { oldTokensAside, superTokens } from "../src/supertokens.js";
import { equal, rejects, test } from "./harness.js";

/** What an SDK has to say next: a token, or what it throws. */
interface Sdk {
  signedIn: boolean;
  error: unknown;
  fresh: boolean[];
}

const told = (sdk: Sdk, fresh: boolean): string => {
  sdk.fresh.push(fresh);
  if (sdk.error !== null) throw sdk.error;
  return "token";
};

const ACCOUNT = { homeAccountId: "1", environment: "e", tenantId: "t", username: "ada", localAccountId: "l" };
const failing = (fields: object): Error => Object.assign(new Error("sdk"), fields);
const settled = <T>(sdk: Sdk, data: T) => ({ data: sdk.error === null ? data : null, error: sdk.error });

/** For each adapter: the adapter over an SDK, what that says when the session is over, and whether `fresh` reaches it. */
const ADAPTERS: Record<string, readonly [(sdk: Sdk) => OldSession, unknown, boolean]> = {
  auth0: [
    (sdk) =>
      auth0({
        checkSession: async () => {},
        isAuthenticated: async () => sdk.signedIn,
        getTokenSilently: async ({ cacheMode }) => told(sdk, cacheMode === "off"),
        logout: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    failing({ error: "login_required" }),
    true,
  ],
  cognito: [
    (sdk) =>
      cognito({
        fetchAuthSession: async (options) =>
          sdk.signedIn
            ? { tokens: { accessToken: { toString: () => told(sdk, options?.forceRefresh === true) } } }
            : {},
        signOut: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    null,
    true,
  ],
  firebase: [
    (sdk) =>
      firebase({
        get currentUser() {
          return sdk.signedIn ? { getIdToken: async (fresh?: boolean) => told(sdk, fresh === true) } : null;
        },
        authStateReady: async () => {},
        signOut: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    failing({ code: "auth/user-token-expired" }),
    true,
  ],
  msal: [
    (sdk) =>
      msal(
        {
          getActiveAccount: () => null,
          getAllAccounts: () => (sdk.signedIn ? [ACCOUNT] : []),
          acquireTokenSilent: async ({ forceRefresh }) => ({ accessToken: told(sdk, forceRefresh) }),
          clearCache: async () => void Object.assign(sdk, { signedIn: false }),
        },
        ["api://example/access"],
      ),
    failing({ name: "InteractionRequiredAuthError" }),
    true,
  ],
  clerk: [
    (sdk) =>
      clerk({
        get session() {
          if (!sdk.signedIn) return null;
          return {
            id: "s",
            getToken: async ({ skipCache }: { skipCache: boolean }) =>
              sdk.error === null ? told(sdk, skipCache) : null,
          };
        },
        signOut: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    failing({}),
    true,
  ],
  supabase: [
    (sdk) =>
      supabase({
        getSession: async () => settledSession(sdk, false),
        refreshSession: async () => settledSession(sdk, true),
        signOut: async () => {
          sdk.signedIn = false;
          return { error: null };
        },
      }),
    failing({ name: "AuthApiError" }),
    true,
  ],
  okta: [
    (sdk) =>
      okta({
        getOrRenewAccessToken: async () => (sdk.signedIn ? "token" : null),
        tokenManager: {
          getTokensSync: () => (sdk.signedIn ? { accessToken: { accessToken: "token" } } : {}),
          renew: async () => told(sdk, true),
          clear: () => void Object.assign(sdk, { signedIn: false }),
        },
      }),
    failing({ errorCode: "login_required" }),
    false,
  ],
  oidc: [
    (sdk) =>
      oidc({
        getUser: async () => (sdk.signedIn ? { access_token: "token", expires_in: sdk.error === null ? 60 : 5 } : null),
        signinSilent: async () => ({ access_token: told(sdk, true), expires_in: 60 }),
        removeUser: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    failing({ error: "invalid_grant" }),
    false,
  ],
  workos: [
    (sdk) =>
      workos({
        getUser: () => (sdk.signedIn ? {} : null),
        getAccessToken: async (options) => told(sdk, options?.forceRefresh === true),
        signOut: async () => void Object.assign(sdk, { signedIn: false }),
      }),
    failing({ name: "LoginRequiredError" }),
    true,
  ],
  "better-auth": [
    (sdk) =>
      betterAuth({
        getSession: async () => ({ data: sdk.signedIn ? {} : null, error: null }),
        token: async () => settled(sdk, { token: "token" }),
        signOut: async () => {
          sdk.signedIn = false;
          return { data: {}, error: null };
        },
      }),
    { status: 401 },
    false,
  ],
};

function settledSession(sdk: Sdk, fresh: boolean) {
  sdk.fresh.push(fresh);
  const session = sdk.signedIn && sdk.error === null ? { access_token: "token" } : null;
  return { data: { session }, error: sdk.error };
}

const sdkOf = (signedIn: boolean, error: unknown = null): Sdk => ({ signedIn, error, fresh: [] });

for (const [name, [make, over, passesFresh]] of Object.entries(ADAPTERS)) {
  test(`${name}: a session is there, is presented and is ended`, async () => {
    const sdk = sdkOf(true);
    const old = make(sdk);
    equal(await old.exists(), true);
    equal((await old.credential(false))?.token, "token");
    equal((await old.credential(true))?.token, "token");
    if (passesFresh) equal(sdk.fresh.slice(-2), [false, true]);
    await old.end();
    equal([sdk.signedIn, await old.exists()], [false, false]);
    await old.end();
  });

  test(`${name}: nobody is there`, async () => {
    equal(await make(sdkOf(false)).exists(), false);
  });

  if (over !== null) {
    test(`${name}: a session that is over is nothing to present`, async () => {
      equal(await make(sdkOf(true, over)).credential(true), null);
    });
  }

  if (name !== "clerk") {
    test(`${name}: trouble is not mistaken for the end of the session`, async () => {
      await rejects(() => make(sdkOf(true, new TypeError("network"))).credential(true));
    });
  }
}

test("keycloak: renewed before it is presented, cleared at the end", async () => {
  const asked: unknown[] = [];
  const adapter = {
    authenticated: true,
    token: "token",
    refreshToken: "refresh",
    updateToken: async (minimum?: number) => asked.push(minimum) > 0,
    clearToken: () => void Object.assign(adapter, { authenticated: false }),
  };
  const old = keycloak(adapter);
  equal([await old.exists(), await old.credential(false)], [true, { token: "token", refreshToken: "refresh" }]);
  await old.credential(true);
  equal(asked, [30, -1]);
  await old.end();
  equal(await old.exists(), false);
});

test("keycloak: trouble is told from the end by what the SDK has cleared", async () => {
  const refusing = {
    authenticated: true,
    updateToken: async () => {
      throw new Error("refused");
    },
    clearToken: () => {},
  };
  await rejects(() => keycloak(refusing).credential(false));
  refusing.authenticated = false;
  equal(await keycloak(refusing).credential(false), null);
});

test("stored token: presented and deleted with all that goes along", async () => {
  const kept = new Map([
    ["jwt", "token"],
    ["renew", "refresh"],
    ["user", "{}"],
    ["theme", "dark"],
  ]);
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    removeItem: (name: string) => kept.delete(name),
  };
  const settings = { token: "jwt", refreshToken: "renew", also: ["user"] };
  const old = storedToken({ ...settings, storage: () => storage as unknown as Storage });
  equal([await old.exists(), await old.credential(false)], [true, { token: "token", refreshToken: "refresh" }]);
  await old.end();
  equal([await old.exists(), await old.credential(false), [...kept.keys()]], [false, null, ["theme"]]);
});

test("stored token: what somebody else left there meanwhile is not deleted", async () => {
  const kept = new Map([["jwt", "ada's"]]);
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    removeItem: (name: string) => kept.delete(name),
  };
  const old = storedToken({ token: "jwt", storage: () => storage as unknown as Storage });
  await old.credential(false);
  kept.set("jwt", "bob's");
  await rejects(async () => old.end());
  equal(kept.get("jwt"), "bob's");
  await old.credential(false);
  await old.end();
  equal([...kept], []);
  await old.end();
});

test("stored token: an empty one is none", async () => {
  const storage = { getItem: () => "" };
  const old = storedToken({ token: "jwt", storage: () => storage as unknown as Storage });
  equal([await old.exists(), await old.credential(false)], [false, null]);
});

test("cookie: there is nothing to present", async () => {
  let ended = 0;
  const old = cookie({
    exists: () => true,
    end: () => {
      ended += 1;
    },
  });
  equal([await old.exists(), await old.credential(false)], [true, {}]);
  const named = cookie({ exists: () => true, end: () => {}, provider: "shop" });
  equal(await named.credential(false), { provider: "shop" });
  await old.end();
  equal(ended, 1);
});

const sdkWith = (exists: boolean, token?: string) =>
  superTokens({
    doesSessionExist: async () => exists,
    attemptRefreshingSession: async () => exists,
    getUserId: async () => "ada",
    getAccessToken: async () => token,
  });

test("supertokens: whose session it is, the SDK knows", async () => {
  equal(await Promise.all([sdkWith(false).user(), sdkWith(true).user()]), [null, "ada"]);
  equal(await Promise.all([sdkWith(false).recover(), sdkWith(true).recover()]), [null, "ada"]);
});

for (const token of ["ours", undefined]) {
  test(`supertokens: a visit passes the SDK by, with ${token === undefined ? "cookies" : "its token"}`, async () => {
    const seen: [string, string | null][] = [];
    const kept = globalThis.fetch;
    globalThis.fetch = async (address, request) => {
      seen.push([String(address), new Headers(request?.headers).get("authorization")]);
      return new Response(null, { status: 401 });
    };
    try {
      equal((await sdkWith(true, token).visit("https://api.test/me", {})).status, 401);
    } finally {
      globalThis.fetch = kept;
    }
    const bearer = token === undefined ? null : `Bearer ${token}`;
    equal(seen, [["https://api.test/me#superTokensDoNotDoInterception", bearer]]);
  });
}

/** A token as the SDK's back ends make them, as far as anybody looks. */
const tokenOf = (claims: object): string => `h.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.s`;

const REQUESTS: Record<string, readonly [RequestInit | Request | undefined, "intercepted" | "aside"]> = {
  "no token": [undefined, "intercepted"],
  "the session's own": [
    { headers: { Authorization: `Bearer ${tokenOf({ sub: "ada", sessionHandle: "h1" })}` } },
    "intercepted",
  ],
  "an old one": [{ headers: { authorization: `Bearer ${tokenOf({ sub: "ada", sid: "s" })}` } }, "aside"],
  "an opaque one": [{ headers: new Headers({ authorization: "bearer opaque" }) }, "aside"],
  "another scheme": [{ headers: { authorization: "Basic YTpi" } }, "intercepted"],
  "an old one in a Request": [new Request("https://api.test/", { headers: { authorization: "Bearer o" } }), "aside"],
};

for (const [name, [request, expected]] of Object.entries(REQUESTS)) {
  test(`supertokens: ${name} is ${expected === "aside" ? "let past" : "the SDK's business"}`, async () => {
    equal(await wayOf(request), expected);
  });
}

test("supertokens: a migration is the SDK's business, though it carries the old token", async () => {
  const kept = globalThis.fetch;
  let way: unknown;
  globalThis.fetch = async (_, request) => {
    way = await wayOf(request);
    return new Response();
  };
  try {
    await sdkWith(false).present("https://api.test/auth/migrate-session", { headers: { authorization: "Bearer old" } });
  } finally {
    globalThis.fetch = kept;
  }
  equal(way, "intercepted");
});

async function wayOf(request: RequestInit | Request | undefined): Promise<string> {
  const original = {
    addFetchInterceptorsAndReturnModifiedFetch:
      (_: object): typeof fetch =>
      async () =>
        new Response("intercepted"),
  };
  const fetching = oldTokensAside(original).addFetchInterceptorsAndReturnModifiedFetch({
    originalFetch: async () => new Response("aside"),
    userContext: {},
  });
  const answer = request instanceof Request ? fetching(request) : fetching("https://api.test/", request);
  return (await answer).text();
}
