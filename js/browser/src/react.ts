// React: the migration runs once for a page, whatever React renders and how often.

import { createContext, createElement, type ReactNode, useContext, useEffect, useState } from "react";
import { type MigrationOptions, migrateSession, type Outcome } from "./index.js";

/** How far it is: not begun or under way, or over. */
export type MigrationState = { readonly status: "pending" } | Outcome;

const PENDING: MigrationState = { status: "pending" };
const Migration = createContext<MigrationState>(PENDING);

// React may mount a component twice; the second time meets the run of the first.
const runs = new WeakMap<MigrationOptions, Promise<Outcome>>();

function once(options: MigrationOptions): Promise<Outcome> {
  const begun = runs.get(options) ?? migrateSession(options);
  runs.set(options, begun);
  return begun;
}

/**
 * Run the migration and follow it.
 *
 * @param options the same object in every render, best a constant of a module. An object that is new starts anew.
 */
export function useMigration(options: MigrationOptions): MigrationState {
  const [seen, setSeen] = useState<{ options: MigrationOptions; state: MigrationState }>({ options, state: PENDING });
  useEffect(() => {
    let mounted = true;
    const show = (state: MigrationState): void => {
      if (mounted) setSeen({ options, state });
    };
    const fail = (error: unknown): void => {
      if (mounted) {
        setSeen(() => {
          throw error; // to the nearest error boundary: the options are wrong
        });
      }
    };
    once(options).then(show, fail);
    return () => {
      mounted = false; // the migration goes on; half of one helps nobody
    };
  }, [options]);
  return seen.options === options ? seen.state : PENDING;
}

export interface MigrationProviderProps {
  /** As for `useMigration`. */
  readonly options: MigrationOptions;
  /** Shown until it is known who is signed in; on a server as well. */
  readonly fallback?: ReactNode;
  readonly children?: ReactNode;
}

/** Show the application when the migration is over; inside, `useMigrationState` tells how it ended. */
export function MigrationProvider({ options, fallback = null, children }: MigrationProviderProps): ReactNode {
  const state = useMigration(options);
  return createElement(Migration.Provider, { value: state }, state.status === "pending" ? fallback : children);
}

/** How the migration of the `MigrationProvider` above ended. */
export function useMigrationState(): MigrationState {
  return useContext(Migration);
}
