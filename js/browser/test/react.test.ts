// React: on a server the fallback, in a page one migration however often it renders.

import { act, createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { migrateSession } from "../src/index.js";
import { MigrationProvider, useMigrationState } from "../src/react.js";
import { equal, inPage, test } from "./harness.js";
import { World } from "./world.js";

const Shown = () => createElement("b", null, useMigrationState().status);
const app = (options: ReturnType<World["options"]>) =>
  createElement(MigrationProvider, { options, fallback: "one moment" }, createElement(Shown));

test("react: a server renders the fallback and moves nobody", async () => {
  const world = new World();
  equal(renderToString(app(world.options())), "one moment");
  if (!inPage) equal(await migrateSession(world.options()), { status: "none" });
  equal(world.asked, []);
});

if (inPage) {
  test("react: in strict mode, one migration", async () => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    const world = new World();
    const place = document.createElement("div");
    const root = createRoot(place);
    const options = world.options();
    const texts: string[] = [];
    await act(async () => {
      root.render(createElement(StrictMode, null, app(options)));
      await new Promise((resolve) => setTimeout(resolve));
      texts.push(place.textContent ?? "");
    });
    for (let waited = 0; waited < 100 && place.textContent !== "migrated"; waited += 1) {
      await act(async () => new Promise((resolve) => setTimeout(resolve, 10)));
    }
    equal([place.textContent, world.sessions.size, world.ends], ["migrated", 1, 1]);
    equal(world.asked.filter((what) => what === "old.exists").length, 2);
    await act(async () => root.unmount());
  });
}
