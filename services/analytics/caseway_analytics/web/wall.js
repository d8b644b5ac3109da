// The live page: reads /v1/live (server-sent events) and shows it. Nothing comes from elsewhere.
import { CHANNELS, NONE, PRESENCES, STATES, ask, caseButton, duration, make, number, page, percent, rows, share, spoken, text, timeOfDay } from "./shown.js";
import { drawChart, forget } from "./chart.js";
import { openCase, startRoom, touched } from "./room.js";

const SILENCE_MS = 7000; // a heartbeat comes every two seconds; after this long without one the stream is broken
const RETRY_MS = 2000;
const LATE_SECONDS = 10; // facts that are applied later than this are worth a word
const DENSITIES = { cards: ["", "many", "crowd"], "queue-scroll": ["", "many"] }; // each smaller than the one before
const TIMES = { pick_up: "Pick-up", first_response: "First response", resolution: "Resolution" };
const TOLD = { delivered: "Notices delivered", given_up: "Given up" };

let wall = null; // the latest content
let serverAt = 0; // its instant by the server's clock, in ms
let receivedAt = 0; // by this page's monotonic clock
let brokenAt = 0;
let isLive = false;
let source = null;
let watchdog = 0;
let names = false; // whether the stream is the coordinators'

// --- the stream ---------------------------------------------------------------------------------------------------

function connect() {
  if (source) source.close();
  source = new EventSource(names ? "v1/live?names=1" : "v1/live");
  const on = (kind, then) => source.addEventListener(kind, (event) => { const data = heard(event); if (data) then(data); });
  on("wall", (data) => { wall = data.wall; live(data.at); render(); touched(null); });
  on("part", (data) => { if (!wall) return; apply(data); live(data.at); render(); if (data.touched) touched(data.touched); });
  on("beat", (data) => { if (wall) live(data.at); });
  on("trouble", (data) => broken(`Not up to date: ${data.reason}.`));
  source.onerror = () => broken("The stream is broken.");
  watch();
}

function apply(change) {
  Object.assign(wall, change.set);
  for (const [name, told] of Object.entries(change.rows)) {
    const key = name === "agents" ? "key" : "queue";
    const known = new Map([...wall[name], ...told.changed].map((row) => [row[key], row]));
    wall[name] = (told.order ?? wall[name].map((row) => row[key])).map((each) => known.get(each));
  }
}

function heard(event) {
  watch();
  try { return JSON.parse(event.data); } catch { broken("The stream cannot be read."); return null; }
}

function watch() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => { broken("The stream is silent."); connect(); }, isLive ? SILENCE_MS : RETRY_MS + SILENCE_MS / 2);
}

function live(at) {
  if (at) { serverAt = Date.parse(at); receivedAt = performance.now(); }
  if (isLive) return;
  isLive = true;
  document.body.classList.remove("is-stale");
  page("broken").hidden = true;
  page("stream").dataset.state = "live";
  text(page("stream-text"), "Live");
}

function broken(reason) {
  if (source && source.readyState === EventSource.CLOSED) { clearTimeout(watchdog); watchdog = setTimeout(again, RETRY_MS); }
  if (isLive) { serverAt = now(); receivedAt = performance.now(); isLive = false; tick(); } // the clock stands: no wait is invented
  brokenAt = brokenAt && page("stream").dataset.state === "broken" ? brokenAt : performance.now();
  const since = wall ? ` The figures are those of ${timeOfDay(serverAt, wall.zone, true)}.` : "";
  text(page("broken"), `${reason}${since} Trying again…`);
  page("broken").hidden = false;
  page("stream").dataset.state = "broken";
  text(page("stream-text"), "Stream broken");
  if (wall) document.body.classList.add("is-stale");
}

// A stream that the server refused: the session may be over, and then the wall without names is shown.
async function again() {
  if (names && (await ask("v1/session").catch(() => ({ actor: true }))).actor === null) location.reload();
  else connect();
}

const now = () => (isLive ? serverAt + performance.now() - receivedAt : serverAt);

// --- the panels ---------------------------------------------------------------------------------------------------

const since = (at, limits) => make("span", { "data-since": at, "data-limits": limits, class: "since" }, duration((now() - Date.parse(at)) / 1000));
const value = (name, shown) => document.querySelectorAll(`[data-value="${name}"]`).forEach((element) => text(element, shown));
const mood = (name, shown) => { document.querySelector(`[data-tile="${name}"]`).dataset.mood = shown; };
const queueTitle = (name) => (wall.queues.find((queue) => queue.queue === name) || { title: name || NONE }).title;
const time = (at) => timeOfDay(Date.parse(at), wall.zone);

function render() {
  text(page("title"), wall.title);
  document.title = `${wall.totals.waiting} waiting · ${wall.title}`;
  text(page("zone"), wall.zone);
  renderTiles(wall.totals, wall.promises);
  renderQueues();
  renderAgents();
  renderVolume();
  list("due-list", "no-due", wall.due, (each) => `${each.case} ${each.kind}`, dueLine);
  list("longest-list", "no-longest", wall.longest, (each) => each.case, longestLine);
  list("latest-cases", "no-cases", wall.latest, (each) => each.case, latestLine);
  rows(page("busiest"), busiest(), ([title]) => title, pair);
  rows(page("time-rows"), Object.entries(TIMES).map(([name, title]) => [title, wall.times[name]]), ([title]) => title, timeRow);
  text(page("error-note"), `“9 of 10 within” is right to ±${Math.round(wall.percentile_error * 100)} %.`);
  text(page("in-time"), "In time now: of those picked up then, and those who wait past their goal.");
  rows(page("told-pairs"), told(), ([title]) => title, pair);
  text(page("late"), `Facts are applied ${duration(wall.behind_seconds)} late: the figures are that old.`);
  page("late").hidden = wall.behind_seconds < LATE_SECONDS;
  announce();
  fit();
  tick();
}

function list(id, empty, items, keyOf, build) {
  rows(page(id), items, keyOf, build);
  page(empty).hidden = items.length > 0;
}

function renderTiles(totals, promises) {
  for (const name of ["waiting", "with_agents", "open", "contacts", "cases_opened", "resolved", "reopened"]) value(name, number(totals[name]));
  for (const name of ["running", "at_risk", "warned", "violated", "met"]) value(name, number(promises[name]));
  mood("risk", promises.at_risk ? "warn" : "");
  mood("violated", promises.violated ? "bad" : "");
}

function renderQueues() {
  const isCrowded = page("queue-scroll").classList.contains("many");
  const shown = isCrowded ? [...wall.queues].sort((a, b) => b.waiting - a.waiting || a.title.localeCompare(b.title)) : wall.queues;
  rows(page("queue-rows"), shown, (queue) => queue.queue, queueRow);
  page("no-queues").hidden = wall.queues.length > 0;
  page("expected").title = wall.expected_wait;
  text(page("formula"), `Expected wait: ${wall.expected_wait}`);
}

// Nobody scrolls a wall: what has no room is shown smaller; queues with most waiting come first then, and what is still out
// of sight is told as a number.
function fit() {
  const room = [wall.queues.length, wall.agents.length, names, innerWidth, innerHeight].join();
  if (room !== fitted) {
    fitted = room;
    page("more-queues").hidden = true;
    shrink(page("queue-scroll"), ["many"], "Queues, those with most waiting first");
    shrink(page("cards"), names ? ["many"] : ["many", "crowd"], "Agents who are there"); // a name does not fit in a crowd
    renderQueues();
  }
  countBelow();
}

let fitted = "";
function shrink(element, densities, label) {
  const overflows = () => element.scrollHeight > element.clientHeight + 1;
  element.classList.remove(...densities);
  for (const density of densities) if (overflows()) element.classList.add(density);
  if (overflows()) { element.tabIndex = 0; element.setAttribute("aria-label", label); } else element.removeAttribute("tabindex");
  if (element.tagName === "DIV") element.setAttribute("role", overflows() ? "region" : "presentation");
}

function countBelow() {
  const scroll = page("queue-scroll");
  if (!scroll.scrollTop) scroll.style.maxHeight = "";
  page("more-queues").hidden = scroll.scrollHeight <= scroll.clientHeight + 1;
  if (page("more-queues").hidden) return;
  const end = scroll.getBoundingClientRect().bottom;
  const all = [...page("queue-rows").children];
  const below = all.filter((row) => row.getBoundingClientRect().bottom > end + 1);
  const waiting = new Map(wall.queues.map((queue) => [queue.queue, queue.waiting]));
  text(page("more-queues"), `${number(below.length)} more below, ${number(below.reduce((sum, row) => sum + waiting.get(row.dataset.key), 0))} waiting in them`);
  const last = all[all.length - below.length - 1]; // a line is shown whole, or not at all
  if (!scroll.scrollTop && last) scroll.style.maxHeight = `${last.getBoundingClientRect().bottom - scroll.getBoundingClientRect().top}px`;
}
page("queue-scroll").addEventListener("scroll", () => wall && countBelow(), { passive: true });
addEventListener("resize", () => wall && fit());

function queueRow(queue) {
  const level = queue.service_level;
  const limits = level ? `${level.within_seconds},${level.within_seconds * 3}` : null;
  const cell = (label, content, kind) => make("td", { role: "cell", "data-label": label, class: kind }, content);
  return make("tr", { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, queue.title),
    cell("Waiting", number(queue.waiting), "big"),
    cell("Longest", queue.oldest_waiting_at ? caseButton(queue.oldest_case, since(queue.oldest_waiting_at, limits), "wait") : NONE),
    cell("Expected wait", duration(queue.expected_wait_seconds)),
    cell("With agents", number(queue.with_agents)),
    cell("New today", number(queue.opened)),
    cell("In time", level ? levelMeter(level) : NONE));
}

function levelMeter(level) {
  const isLow = level.now !== null && level.now < level.target;
  const meter = make("span", { class: "meter", "aria-hidden": "true" }, make("i"), make("b"));
  share(share(meter, "--share", level.now ?? 0), "--target", level.target);
  return make("span", { class: "level", "data-mood": isLow ? "bad" : "" }, meter,
    make("span", { class: isLow ? "share bad" : "share" }, percent(level.now)),
    make("span", { class: "goal" }, `today ${percent(level.ratio)} · goal ${percent(level.target)} in ${spoken(level.within_seconds)}`));
}

function renderAgents() {
  rows(page("presence"), Object.entries(PRESENCES).map(([name, title]) => [name, title, wall.presence[name]]), ([name]) => name, ([name, title, count]) =>
    make("li", { "data-presence": name }, make("span", { class: "mark", "aria-hidden": "true" }), make("strong", {}, number(count)), ` ${title}`));
  rows(page("cards"), wall.agents, (agent) => agent.key, agentCard);
  page("cards").hidden = !wall.agents.length;
  page("no-agents").hidden = wall.agents.length > 0;
}

function agentCard(agent) {
  const isFull = agent.capacity !== null && agent.load >= agent.capacity;
  const load = agent.capacity === null ? number(agent.load) : `${number(agent.load)}/${number(agent.capacity)}`;
  const meter = share(make("div", { class: "meter", "aria-hidden": "true" }, make("i")), "--share", agent.capacity ? agent.load / agent.capacity : 0);
  const work = agent.work.map((piece) => make("li", { "data-channel": piece.channel, "data-wrapping": String(piece.wrapping) },
    caseButton(piece.case, piece.number ? `#${piece.number}` : NONE), make("span", { class: "hidden" }, ` ${CHANNELS[piece.channel] ?? ""}${piece.wrapping ? ", wrapping up" : ""}`)));
  if (agent.more) work.push(make("li", {}, `+${agent.more}`));
  return make("li", { class: "card", "data-presence": agent.presence, "data-full": String(isFull), "data-ringing": String(agent.ringing > 0), title: agent.label },
    make("div", { class: "who" }, make("span", { class: "mark", "aria-hidden": "true" }), make("span", { class: "name" }, ...named(agent.label)),
      make("span", { class: "hidden" }, `, ${PRESENCES[agent.presence] ?? agent.presence}, load`)),
    make("div", { class: "held" }, meter, make("span", { class: "load" }, agent.ringing ? "ringing" : load)),
    make("ul", { class: "work" }, ...work));
}

// Of `Agent 17` the word is left out where there is no room, but not for whoever has the page read.
const named = (label) => (label.startsWith("Agent ") ? [make("span", { class: "word" }, "Agent "), label.slice(6)] : [label]);

function renderVolume() {
  const channels = wall.volume.channels;
  const most = Math.max(1, ...channels.map((each) => each.contacts));
  rows(page("channels"), channels.map((each) => ({ channel: each.channel, contacts: each.contacts, most })), (each) => each.channel, (each) =>
    make("li", { "data-channel": each.channel }, make("span", {}, CHANNELS[each.channel] ?? each.channel),
      make("span", { class: "bar", "aria-hidden": "true" }, share(make("i"), "--share", each.contacts / most)), make("b", {}, number(each.contacts))));
  drawChart(wall.volume, wall.zone);
}

const kinds = (kind) => { const words = kind.replaceAll("_", " "); return words[0].toUpperCase() + words.slice(1); };

const dueLine = (each) => make("li", { class: "with-time" },
  caseButton(each.case, each.number ? `#${each.number}` : NONE), make("span", { class: "what" }, kinds(each.kind), make("span", { class: "quiet" }, ` ${queueTitle(each.queue)}`)),
  make("span", { "data-until": each.due_at, class: "until" }, NONE));

const longestLine = (each) => make("li", { class: "with-time", "data-channel": each.channel },
  caseButton(each.case, each.number ? `#${each.number}` : NONE), make("span", { class: "what" }, make("span", { class: "tag" }, each.agent), make("span", { class: "quiet" }, ` ${queueTitle(each.queue)}${each.wrapping ? ", wrapping up" : ""}`)),
  since(each.since));

const latestLine = (each) => make("li", { class: "with-time", "data-channel": each.channel },
  caseButton(each.case, each.number ? `#${each.number}` : NONE), make("span", { class: "what" }, make("span", { class: "tag" }, CHANNELS[each.channel] ?? NONE), make("span", { class: "quiet" }, ` ${queueTitle(each.queue)}`)),
  make("span", { class: "state" }, STATES[each.state] ?? each.state));

const pair = ([title, shown]) => make("div", {}, make("dt", {}, title), make("dd", {}, shown));

const timeRow = ([title, each]) => make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, title),
  make("td", { role: "cell" }, duration(each.mean_seconds)), make("td", { role: "cell" }, duration(each.p90_seconds)), make("td", { role: "cell" }, number(each.count)));

function busiest() {
  const { queue, channel, slot } = wall.busiest;
  const counted = (found, shown) => (found ? `${shown} · ${number(found.count)}` : NONE);
  return [["Busiest queue", counted(queue, queue?.name)], ["Busiest channel", counted(channel, CHANNELS[channel?.name])], ["Busiest half hour", counted(slot, slot ? `from ${time(slot.name)}` : "")]];
}

const told = () => [["Calls answered", number(wall.totals.calls_answered)], ["Calls abandoned", number(wall.totals.calls_abandoned)],
  ...Object.entries(TOLD).map(([name, title]) => [title, number(wall.notifications[name])])];

// What somebody who hears the page must hear: that promises break, not each figure.
let announced = "";
function announce() {
  const { at_risk: atRisk, violated } = wall.promises;
  const words = `${atRisk} promises at risk, ${violated} violated today.`;
  if (announced && announced !== words) text(page("said"), words);
  announced = words;
}

// --- every second -------------------------------------------------------------------------------------------------

function tick() {
  text(page("age"), isLive || !wall ? "" : `figures ${duration((performance.now() - brokenAt) / 1000)} old`);
  if (!wall) return;
  text(page("clock"), timeOfDay(now(), wall.zone, true));
  text(page("as-of"), timeOfDay(serverAt, wall.zone, true));
  value("longest", wall.totals.oldest_waiting_at ? duration((now() - Date.parse(wall.totals.oldest_waiting_at)) / 1000) : NONE);
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = (now() - Date.parse(element.dataset.since)) / 1000;
    text(element, duration(seconds));
    const [warn, bad] = (element.dataset.limits || "Infinity,Infinity").split(",").map(Number);
    element.className = seconds > bad ? "since bad" : seconds > warn ? "since warn" : "since";
  }
  for (const element of document.querySelectorAll("[data-until]")) {
    const seconds = (Date.parse(element.dataset.until) - now()) / 1000;
    text(element, seconds < 0 ? `${duration(-seconds)} over` : `in ${duration(seconds)}`);
    element.className = seconds < 0 ? "until bad" : seconds < 900 ? "until warn" : "until";
  }
  countBelow(); // what is written wider may make a line higher
}

// --- light and dark -----------------------------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
function theme(chosen) {
  const name = THEMES.includes(chosen) ? chosen : "system";
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  text(page("theme"), `Theme: ${name}`);
  try { localStorage.setItem("theme", name); } catch { /* a page without storage forgets the choice */ }
  redraw();
}
function redraw() { forget(); if (wall) drawChart(wall.volume, wall.zone); }
page("theme").addEventListener("click", () => theme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % 3]));
let remembered = null;
try { remembered = localStorage.getItem("theme"); } catch { /* likewise */ }
theme(new URLSearchParams(location.search).get("theme") ?? remembered);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
new ResizeObserver(redraw).observe(page("chart"));

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-case]");
  if (button) openCase(button.dataset.case, button);
});
page("find").addEventListener("submit", (event) => {
  event.preventDefault();
  openCase(page("find-number").value.trim().replace(/^#/, ""));
});

setInterval(tick, 1000);
const asked = new URLSearchParams(location.search).get("case"); // where a notice's link leads
if (asked) openCase(asked);
startRoom((coordinates) => { names = coordinates; if (source) { wall = null; isLive = false; } connect(); });
