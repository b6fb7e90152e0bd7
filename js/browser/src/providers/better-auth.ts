// better-auth, with its client and the JWT plugin (jwtClient).

import type { OldSession } from "../ports.js";

interface Result<Data> {
  readonly data: Data | null;
  readonly error: unknown;
}

/** What is used of the client that `createAuthClient({ plugins: [jwtClient()] })` makes. */
export interface BetterAuthClient {
  getSession(): Promise<Result<unknown>>;
  token(): Promise<Result<{ token: string }>>;
  signOut(): Promise<Result<unknown>>;
}

/** Its session lives in a cookie that no script sees, so every page load asks its server whether there is one. */
export function betterAuth(client: BetterAuthClient): OldSession {
  return {
    exists: async () => told(await client.getSession()) !== null,
    async credential() {
      const answer = told(await client.token());
      return answer === null ? null : { token: answer.token };
    },
    async end() {
      told(await client.signOut());
    },
  };
}

/** Its client answers errors instead of throwing them; a refusal means that the session is over. */
function told<Data>({ data, error }: Result<Data>): Data | null {
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  if (error != null && status !== 401) throw error;
  return data;
}
