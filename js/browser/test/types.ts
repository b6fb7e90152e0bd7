// The real SDKs fit what is used of them. Checked by the compiler, never run: a change in one of them breaks our build.

import type { Auth0Client } from "@auth0/auth0-spa-js";
import type { signOut } from "@aws-amplify/auth";
import type { fetchAuthSession } from "@aws-amplify/core";
import type { IPublicClientApplication } from "@azure/msal-browser";
import type { LoadedClerk } from "@clerk/shared/types";
import type { Auth } from "@firebase/auth";
import type { OktaAuth } from "@okta/okta-auth-js";
import type { AuthClient as SupabaseClient } from "@supabase/auth-js";
import type { createClient } from "@workos-inc/authkit-js";
import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";
import type Keycloak from "keycloak-js";
import type { UserManager } from "oidc-client-ts";
import type ReactSession from "supertokens-auth-react/recipe/session";
import type WebSession from "supertokens-web-js/recipe/session";
import type Website from "supertokens-website";
import type { OldSession } from "../src/ports.js";
import { auth0 } from "../src/providers/auth0.js";
import { betterAuth } from "../src/providers/better-auth.js";
import { clerk } from "../src/providers/clerk.js";
import { cognito } from "../src/providers/cognito.js";
import { firebase } from "../src/providers/firebase.js";
import { keycloak } from "../src/providers/keycloak.js";
import { msal } from "../src/providers/msal.js";
import { oidc } from "../src/providers/oidc.js";
import { okta } from "../src/providers/okta.js";
import { supabase } from "../src/providers/supabase.js";
import { workos } from "../src/providers/workos.js";
import { oldTokensAside, superTokens } from "../src/supertokens.js";

export function oldSessions(sdk: {
  auth0: Auth0Client;
  amplify: { fetchAuthSession: typeof fetchAuthSession; signOut: typeof signOut };
  firebase: Auth;
  keycloak: Keycloak;
  msal: IPublicClientApplication;
  clerk: LoadedClerk;
  supabase: InstanceType<typeof SupabaseClient>;
  okta: OktaAuth;
  oidc: UserManager;
  workos: Awaited<ReturnType<typeof createClient>>;
}): readonly OldSession[] {
  return [
    auth0(sdk.auth0, { audience: "https://api.example.com" }),
    cognito(sdk.amplify),
    firebase(sdk.firebase),
    keycloak(sdk.keycloak),
    msal(sdk.msal, ["api://example/access"]),
    clerk(sdk.clerk),
    supabase(sdk.supabase),
    okta(sdk.okta),
    oidc(sdk.oidc),
    workos(sdk.workos),
    betterAuth(createAuthClient({ plugins: [jwtClient()] })),
  ];
}

export function newSessions(web: typeof WebSession, react: typeof ReactSession, website: typeof Website) {
  return [superTokens(web), superTokens(react), superTokens(website)];
}

export function inHeaders(web: typeof WebSession, react: typeof ReactSession, website: typeof Website) {
  const settings = { tokenTransferMethod: "header", override: { functions: oldTokensAside } } as const;
  return [web.init(settings), react.init(settings), website.init({ apiDomain: "https://api.test", ...settings })];
}
