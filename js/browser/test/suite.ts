import "./state.test.js";
import "./wire.test.js";
import "./run.test.js";
import "./key.test.js";
import "./browser.test.js";
import "./plain.test.js";
import "./providers.test.js";
import "./react.test.js";
