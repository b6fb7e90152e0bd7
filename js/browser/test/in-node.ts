// The suite under node:test. Node's global object hears no events of the network, a page's does.
/// <reference types="node" />

import { test } from "node:test";
import { tests } from "./harness.js";
import "./suite.js";

const network = new EventTarget();
Object.assign(globalThis, {
  addEventListener: network.addEventListener.bind(network),
  removeEventListener: network.removeEventListener.bind(network),
  dispatchEvent: network.dispatchEvent.bind(network),
});

for (const { name, run } of tests) test(name, run);
