// A page that moves its user with `segue-web` when it is loaded, as an application does. Its settings come with its
// address. What a test may do besides: have the page reloaded in the middle, at any call to the outside.
import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import { type MigrationEvent, migrateSession, type NewSession, type OldSession, type Outcome } from "segue-web";
import { plainSession } from "segue-web/plain";
import { cookie } from "segue-web/providers/cookie";
import { oidc } from "segue-web/providers/oidc";
import { oldTokensAside, superTokens } from "segue-web/supertokens";
import SuperTokens from "supertokens-web-js";
import Session from "supertokens-web-js/recipe/session";

interface Credential {
    token: string;
    refreshToken: string;
}

declare global {
    interface Window {
        /** Where the old session is nothing but this: storage is closed to the page. */
        oldInMemory?: Credential | null;
        flow: typeof flow;
        outcome: Outcome | null;
        pending: Promise<unknown>;
    }
}

const asked = new URLSearchParams(location.search);
const setting = (name: string) => asked.get(name) ?? "";
const api = setting("api");
const events: MigrationEvent[] = [];
const sdkEvents: string[] = [];

// --- the old session --------------------------------------------------------------------------------------------------

function inMemory(): OldSession {
    return {
        exists: () => window.oldInMemory != null,
        credential: async () => window.oldInMemory ?? null,
        end: () => {
            window.oldInMemory = null;
        },
    };
}

function inStorage(): { manager: UserManager; old: OldSession } {
    const store = new WebStorageStateStore({ store: localStorage });
    const manager = new UserManager({
        authority: setting("issuer"),
        client_id: "spa",
        redirect_uri: `${location.origin}/`,
        userStore: store,
        automaticSilentRenew: false,
        monitorSession: false,
    });
    return { manager, old: oidc(manager) };
}

/** Scripts do not see the cookie; that there is one, the old application notes where they do. */
function inCookie(): OldSession {
    return cookie({
        exists: () => localStorage.getItem("old-user") !== null,
        end: async () => {
            await fetch(`${api}/control/old-sign-out`, { method: "POST", credentials: "include" });
            localStorage.removeItem("old-user");
        },
        provider: "shop",
    });
}

const stored = window.oldInMemory === undefined ? inStorage() : null;

// --- the new session --------------------------------------------------------------------------------------------------

const plain = setting("client") === "plain" ? plainSession({ api: `${api}/auth` }) : null;
if (plain === null) {
    SuperTokens.init({
        appInfo: { appName: "Segue", apiDomain: api, apiBasePath: "/auth" },
        recipeList: [
            Session.init({
                tokenTransferMethod: setting("mode") as "cookie" | "header",
                onHandleEvent: (event) => sdkEvents.push(event.action),
                ...(setting("aside") ? { override: { functions: oldTokensAside } } : {}),
            }),
        ],
    });
}
const ask = (address: string, request?: RequestInit) =>
    plain ? plain.fetch(address, request) : fetch(address, request);

// --- a page that is reloaded in the middle ----------------------------------------------------------------------------

// The number of the call to the outside after which it happens. Kept where the reload does not come by.
const dying = window.oldInMemory === undefined ? (sessionStorage.getItem("die") ?? "") : "";
let calls = 0;

async function outside<T>(work: () => T | Promise<T>): Promise<T> {
    const number = ++calls;
    const result = await work();
    return dying === String(number) ? die() : result;
}

function die(): Promise<never> {
    sessionStorage.removeItem("die");
    location.reload();
    return new Promise(() => {});
}

function mortal(old: OldSession, session: NewSession): { old: OldSession; session: NewSession } {
    return {
        old: {
            exists: () => outside(() => old.exists()),
            credential: (fresh) => outside(() => old.credential(fresh)),
            end: () => outside(() => old.end()),
        },
        session: {
            ...session,
            user: () => outside(() => session.user()),
            recover: () => outside(() => session.recover()),
            visit: (address, request) => outside(() => session.visit(address, request)),
            present: (address, request) =>
                outside(async () => {
                    const answer = await session.present(address, request);
                    const intruder = sessionStorage.getItem("intruder");
                    sessionStorage.removeItem("intruder");
                    if (intruder !== null) await flow.signIn(intruder);
                    return answer;
                }),
        },
    };
}

// --- the page ---------------------------------------------------------------------------------------------------------

const move = (): Promise<Outcome> =>
    migrateSession({
        endpoint: `${api}/auth/migrate-session`,
        ...mortal(setting("old") === "cookie" ? inCookie() : (stored?.old ?? inMemory()), plain ?? superTokens(Session)),
        onEvent: (event) => events.push(event),
        timeout: 5000,
        ...(setting("attempts") ? { attempts: Number(setting("attempts")) } : {}),
        ...(setting("confirm") ? { confirm: api + setting("confirm") } : {}),
    });

const flow = {
    move,
    events: () => events,
    sdkEvents: () => sdkEvents,
    calls: () => calls,
    oldUser: async () => (stored ? ((await stored.manager.getUser()) ?? null) : (window.oldInMemory ?? null)),
    refresh: async () => (plain ? (await plain.recover()) !== null : Session.attemptRefreshingSession()),
    doesSessionExist: async () => (plain ? (await plain.user()) !== null : Session.doesSessionExist()),
    /** As an application that has not heard of the move: it sends what it has always sent. */
    callApiTheOldWay: async (token: string) => {
        const answer = ask(`${api}/api/me`, { headers: { authorization: `Bearer ${token}` } });
        return answer.then((response) => response.status, String);
    },
    callApi: async (path = "/api/me", method = "GET") => {
        const response = await ask(api + path, { method, credentials: "include" });
        return { status: response.status, body: await response.json().catch(() => ({})) };
    },
    signInOldCookie: async (user: string) => {
        await fetch(`${api}/control/old-sign-in?user=${user}`, { method: "POST", credentials: "include" });
        localStorage.setItem("old-user", user);
    },
    signIn: async (user: string) => {
        const response = await ask(`${api}/control/sign-in?user=${user}`, { method: "POST", credentials: "include" });
        return { status: response.status, body: await response.json() };
    },
    databases: async () => (await indexedDB.databases()).map(({ name }) => name),
};

window.flow = flow;
window.outcome = null;
if (setting("wait") !== "yes") {
    // The API is asked meanwhile, as by any application that does not wait.
    const meanwhile = setting("busy") ? [1, 2, 3].map(() => flow.callApi()) : [];
    const outcome = await move();
    await Promise.all(meanwhile);
    window.outcome = outcome;
}
