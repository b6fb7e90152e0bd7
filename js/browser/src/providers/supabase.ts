// Supabase, with @supabase/supabase-js.

import { overOrThrow } from "../over.js";
import type { OldSession } from "../ports.js";

interface Result {
  readonly data: { readonly session: { readonly access_token: string } | null };
  readonly error: unknown;
}

/** What is used of `supabase.auth`. */
export interface SupabaseAuth {
  getSession(): Promise<Result>;
  refreshSession(): Promise<Result>;
  signOut(options: { scope: "local" }): Promise<{ error: unknown }>;
}

/** `supabase(client.auth)`. Other devices stay signed in there until they migrate themselves. */
export function supabase(auth: SupabaseAuth): OldSession {
  return {
    exists: async () => (await auth.getSession()).data.session !== null,
    async credential(fresh) {
      const { data, error } = await (fresh ? auth.refreshSession() : auth.getSession());
      if (data.session !== null) return { token: data.session.access_token };
      return error == null ? null : overOrThrow(error, "AuthApiError", "AuthSessionMissingError");
    },
    async end() {
      const { error } = await auth.signOut({ scope: "local" });
      if (error != null) throw error;
    },
  };
}
