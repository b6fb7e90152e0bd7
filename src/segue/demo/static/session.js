// The page's half of a session: `plainSession` of segue-web, watched, so that the page can tell what it does.

import { plainSession } from "./segue-web.js";

let seen = () => {};

async function watched(address, options) {
  const began = performance.now();
  const response = await fetch(address, options);
  const { pathname } = new URL(address, location.href);
  seen({ method: options?.method ?? "GET", path: pathname, status: response.status, took: performance.now() - began });
  return response;
}

export const session = plainSession({ api: "/auth", fetch: watched });

/** Do it, and tell of each request that it makes: {method, path, status, took}. */
export async function watching(listener, work) {
  seen = listener;
  try {
    return await work();
  } finally {
    seen = () => {};
  }
}
