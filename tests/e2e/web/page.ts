// The application's page: an unmodified SuperTokens front-end SDK for our session, oidc-client-ts for the previous
// provider's. Its settings come with the first address it is opened at and stay in localStorage, because the
// sign-in redirect comes back to a bare address. The test drives it through `window.flow`.
import { UserManager, WebStorageStateStore, type User } from "oidc-client-ts";
import SuperTokens from "supertokens-web-js";
import Session from "supertokens-web-js/recipe/session";

interface Settings {
    api: string;
    issuer: string;
    mode: "cookie" | "header";
    /** "none": tabs and calls refresh without waiting for one another, as where the SDK's lock does not work. */
    lock?: "none";
}

interface Answer {
    status: number;
    body: Record<string, unknown>;
}

function settings(): Settings {
    const asked = new URLSearchParams(location.search);
    if (asked.has("api")) {
        localStorage.setItem("settings", JSON.stringify(Object.fromEntries(asked)));
    }
    return JSON.parse(localStorage.getItem("settings") ?? "{}") as Settings;
}

const { api, issuer, mode, lock } = settings();
const events: string[] = [];
const noLock = { lockFactory: async () => ({ acquireLock: async () => true, releaseLock: async () => {} }) };

SuperTokens.init({
    appInfo: { appName: "Segue", apiDomain: api, apiBasePath: "/auth" },
    recipeList: [
        Session.init({
            tokenTransferMethod: mode,
            onHandleEvent: (event) => events.push(event.action),
            ...(lock === "none" ? noLock : {}),
        }),
    ],
});

const oldProvider = new UserManager({
    authority: issuer,
    client_id: "spa",
    redirect_uri: `${location.origin}/`,
    scope: "openid email api",
    userStore: new WebStorageStateStore({ store: localStorage }),
    stateStore: new WebStorageStateStore({ store: localStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
});

async function answerOf(response: Response): Promise<Answer> {
    const body = (await response.json().catch(() => ({}))) as Answer["body"];
    return { status: response.status, body };
}

/**
 * The same for every tab and every retry, and known to nobody who has seen the access token only. Not a random value
 * kept in localStorage: two tabs that start together would each make their own, and one would be refused.
 */
async function idempotencyKey(old: User): Promise<string> {
    const secret = new TextEncoder().encode(`idempotency-key ${old.refresh_token}`);
    const digest = await crypto.subtle.digest("SHA-256", secret);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function oldUser(): Promise<User> {
    const user = await oldProvider.getUser();
    if (user === null) throw new Error("nobody is signed in at the old provider");
    return user;
}

async function migrate(): Promise<Answer> {
    const old = await oldUser();
    const response = await fetch(`${api}/auth/migrate-session`, {
        method: "POST",
        headers: {
            authorization: `Bearer ${old.access_token}`,
            "content-type": "application/json",
            "idempotency-key": await idempotencyKey(old),
        },
        body: JSON.stringify({ refreshToken: old.refresh_token }),
    });
    return answerOf(response);
}

/** Tries until an answer arrives, as an application does on a bad network. */
async function untilAnswered<T>(attempt: () => Promise<T>): Promise<T> {
    for (let lost = 0; ; lost++) {
        try {
            return await attempt();
        } catch (error) {
            if (lost === 50) throw error;
        }
    }
}

const outcomeOf = (attempt: Promise<unknown>) =>
    attempt.then(
        () => "accepted",
        (error: unknown) => (error as { error?: string }).error ?? String(error),
    );

const flow = {
    signInOld: () => oldProvider.signinRedirect(),
    oldUser: () => oldUser().then(({ access_token, refresh_token, profile }) => ({ access_token, refresh_token, profile })),
    /** "accepted", or the OAuth error with which the old provider refuses its refresh token. */
    renewOld: () => outcomeOf(oldProvider.signinSilent()),
    forgetOld: () => oldProvider.removeUser(),
    migrate,
    doesSessionExist: () => Session.doesSessionExist(),
    userId: () => Session.getUserId(),
    payload: () => Session.getAccessTokenPayloadSecurely() as Promise<Record<string, unknown>>,
    callApi: (path = "/api/me", method = "GET") => fetch(api + path, { method }).then(answerOf),
    /** As a page of yesterday does, which still has the old provider's token. */
    callWith: (token: string, path: string) =>
        fetch(api + path, { headers: { authorization: `Bearer ${token}` } }).then(answerOf),
    callWithAtOnce: (token: string, path: string, times: number) =>
        Promise.all(Array.from({ length: times }, () => flow.callWith(token, path).then(({ body }) => body.by))),
    callUntilAnswered: () => untilAnswered(() => fetch(`${api}/api/me`)).then(({ status }) => ({ status, body: {} })),
    refreshUntilAnswered: () => untilAnswered(() => Session.attemptRefreshingSession()),
    callApiAtOnce: (times: number) =>
        Promise.all(Array.from({ length: times }, () => fetch(`${api}/api/me`).then(({ status }) => status))),
    signIn: (user: string) => fetch(`${api}/control/sign-in?user=${user}`, { method: "POST" }).then(answerOf),
    refresh: () => Session.attemptRefreshingSession(),
    signOut: () => Session.signOut(),
    events: () => [...events],
};

declare global {
    interface Window {
        flow: typeof flow;
        pending: Promise<unknown>;
    }
}

async function open(): Promise<void> {
    if (new URLSearchParams(location.search).has("code")) {
        await oldProvider.signinCallback();
        history.replaceState(null, "", "/");
    }
    window.flow = flow; // set last: the test waits for it
}

void open();
