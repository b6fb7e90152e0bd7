// What happened, written down as chapters of steps; the newest chapter stands on top. Kept for this tab, so that a
// reload does not tear the story up.

const KEPT = "segue-demo.story";
const MOST = 30;

const shown = document.getElementById("chapters");
const chapters = [];

/** Show what was written down in this tab before a reload. */
export function recall() {
  chapters.push(...JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"));
  shown.append(...chapters.map(showChapter));
}

/** Begin a chapter. The returned function adds a step to it: {title, why, kind, took, facts}. */
export function chapter(title) {
  const written = { title, steps: [] };
  chapters.unshift(written);
  chapters.splice(MOST);
  const element = showChapter(written);
  shown.prepend(element);
  return adderTo(written, element);
}

/** Go on with the newest chapter of that title if it is among the last few, else begin it. */
export function chapterGoingOn(title) {
  const at = chapters.slice(0, 4).findIndex((written) => written.title === title);
  return at < 0 ? chapter(title) : adderTo(chapters[at], shown.children[at]);
}

function adderTo(written, element) {
  const add = (step) => {
    written.steps.push(step);
    element.querySelector("ol").append(showStep(step));
    finish(element, written);
  };
  add.retitle = (text) => {
    written.title = text;
    finish(element, written);
  };
  return add;
}

/** Milliseconds for people. */
export const inTime = (ms) => (ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);

function finish(element, written) {
  element.querySelector("h3").textContent = written.title;
  const timed = written.steps.filter((step) => step.took !== undefined);
  const total = timed.reduce((sum, step) => sum + step.took, 0);
  element.querySelector(".total").textContent = timed.length > 1 ? `${inTime(total)} in all` : "";
  sessionStorage.setItem(KEPT, JSON.stringify(chapters));
}

function showChapter(written) {
  const element = document.getElementById("chapter-template").content.cloneNode(true).firstElementChild;
  element.querySelector("ol").append(...written.steps.map(showStep));
  finish(element, written);
  element.classList.add("fresh");
  return element;
}

function showStep({ title, why = "", kind = "plain", took, facts = {} }) {
  const element = document.getElementById("step-template").content.cloneNode(true).firstElementChild;
  element.dataset.kind = kind;
  element.classList.add("fresh");
  element.querySelector("strong").textContent = title;
  element.querySelector(".why").textContent = why;
  element.querySelector(".took").textContent = took === undefined ? "" : inTime(took);
  element.querySelector(".facts").append(...Object.entries(facts).map(showFact));
  return element;
}

function showFact([name, value]) {
  const label = document.createElement("span");
  label.textContent = name;
  const element = document.createElement("li");
  element.append(label, ` ${value}`);
  return element;
}
