// The new session in the hands of a SuperTokens front-end SDK, unmodified: it keeps the tokens and refreshes them.

import type { NewSession } from "./ports.js";

/** What `supertokens-web-js/recipe/session`, `supertokens-auth-react/recipe/session` and `supertokens-website` have in common. */
export interface SuperTokensSession {
  doesSessionExist(): Promise<boolean>;
  attemptRefreshingSession(): Promise<boolean>;
  getUserId(): Promise<string>;
  getAccessToken(): Promise<string | undefined>;
}

/**
 * Hand the session to the SDK. It must be initialised before, for the host of the migration route.
 *
 * @param sdk the `Session` recipe, or the default export of `supertokens-website`.
 */
export function superTokens(sdk: SuperTokensSession): NewSession {
  const userIf = async (exists: boolean): Promise<string | null> => (exists ? sdk.getUserId() : null);
  return {
    user: async () => userIf(await sdk.doesSessionExist()),
    recover: async () => userIf(await sdk.attemptRefreshingSession()),
    accessToken: () => sdk.getAccessToken(),
    present(address, request) {
      migrations.add(request);
      return globalThis.fetch(address, request); // the SDK stands in the way of it, as it should
    },
    async visit(address, request) {
      const headers = new Headers(request.headers);
      headers.set("rid", "anti-csrf");
      const token = await sdk.getAccessToken(); // cookies show it to no script
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return globalThis.fetch(`${address}#${ASIDE}`, { ...request, headers });
    },
  };
}

/** In a fragment, which is never sent: the SDK lets the request pass as it is. It would refresh on a 401, up to ten times. */
const ASIDE = "superTokensDoNotDoInterception";

const migrations = new WeakSet<object>();

/** What is overridden of the SDK's functions. */
interface Interceptor {
  addFetchInterceptorsAndReturnModifiedFetch(input: {
    originalFetch: typeof fetch;
    userContext: unknown;
  }): typeof fetch;
}

/**
 * For header mode, while your application still sends the old token in some of its requests:
 * `Session.init({ tokenTransferMethod: "header", override: { functions: oldTokensAside } })`.
 *
 * A request with a bearer token that is none of the new session's is sent as it is, and its answer is its answer. Without
 * this, the SDK refreshes the session on its 401 and repeats the request with the same old token, ten times over.
 */
export function oldTokensAside<Functions extends Interceptor>(original: Functions): Functions {
  return {
    ...original,
    addFetchInterceptorsAndReturnModifiedFetch(input) {
      const intercepted = original.addFetchInterceptorsAndReturnModifiedFetch(input);
      return (address, request) => {
        const headers = request?.headers ?? (address instanceof Request ? address.headers : {});
        const aside = hasOldToken(new Headers(headers)) && !migrations.has(request ?? {});
        return aside ? input.originalFetch(address, request) : intercepted(address, request);
      };
    },
  };
}

/** An access token of ours names its session; whatever does not is the application's own business. */
function hasOldToken(headers: Headers): boolean {
  const token = /^bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  if (token === undefined) return false;
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return !("sessionHandle" in (JSON.parse(atob(payload)) as object));
  } catch {
    return true;
  }
}
