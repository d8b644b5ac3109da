// The live page: reads /v1/live (server-sent events) and shows it. No library, nothing from elsewhere.
"use strict";

const SILENCE_MS = 7000; // a heartbeat comes every two seconds; after this long without one the stream is broken
const RETRY_MS = 2000;
const NONE = "–";
const CHANNELS = { email: "E-mail", chat: "Chat", phone: "Phone", web: "Web form", message: "Messaging", desk: "By hand" };
const PRESENCES = { online: "online", busy: "busy", away: "away", not_answering: "not answering", offline: "offline" };
const TIMES = { pick_up: "Pick-up", first_response: "First response", resolution: "Resolution" };
const STATES = {
  waiting: "waiting", offered: "ringing", held: "with an agent", wrapping: "wrapping up", open: "open",
  resolved: "resolved", closed: "closed", merged: "merged", unknown: NONE,
};
const TOLD = { requested: "Requested", delivered: "Delivered", failed: "Attempts failed", given_up: "Given up", suppressed: "Suppressed", acknowledged: "Acknowledged" };

const page = (id) => document.getElementById(id);
let wall = null; // the latest content
let serverAt = 0; // its instant by the server's clock, in ms
let receivedAt = 0; // by this page's monotonic clock
let isLive = false;
let source = null;
let watchdog = 0;

// --- the stream ---------------------------------------------------------------------------------------------------

function connect() {
  if (source) source.close();
  source = new EventSource("v1/live");
  source.addEventListener("wall", (event) => { const data = heard(event); if (data) { wall = data.wall; live(data.at); render(); } });
  source.addEventListener("beat", (event) => { const data = heard(event); if (data && wall) live(data.at); });
  source.addEventListener("trouble", (event) => { const data = heard(event); if (data) broken(`Not up to date: ${data.reason}.`); });
  source.onerror = () => broken("The stream is broken.");
  watch();
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
  if (source && source.readyState === EventSource.CLOSED) { clearTimeout(watchdog); watchdog = setTimeout(connect, RETRY_MS); }
  const since = wall ? ` The figures are those of ${timeOfDay(serverAt, true)}.` : "";
  text(page("broken"), `${reason}${since} Trying again…`);
  page("broken").hidden = false;
  page("stream").dataset.state = "broken";
  text(page("stream-text"), "Stream broken");
  if (wall) document.body.classList.add("is-stale");
  if (isLive) { serverAt = now(); receivedAt = performance.now(); isLive = false; tick(); } // the clock stands: no wait is invented
}

// --- words --------------------------------------------------------------------------------------------------------

const now = () => (isLive ? serverAt + performance.now() - receivedAt : serverAt);
const number = (value) => (value === null || value === undefined ? NONE : value.toLocaleString("en-US"));
const percent = (ratio) => (ratio === null || ratio === undefined ? NONE : `${Math.floor(ratio * 100)} %`); // never rounds up to a target

function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${pad(whole % 60)}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))}`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

const spoken = (seconds) => {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
};

function timeOfDay(ms, withSeconds) {
  if (!ms) return NONE;
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: wall ? wall.zone : undefined };
  if (withSeconds) options.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", options).format(ms);
}

// --- building blocks ----------------------------------------------------------------------------------------------

function text(element, value) { if (element.textContent !== value) element.textContent = value; }

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Replaces a list's content only where it differs, so that readers of the screen are not disturbed for nothing.
function fill(parent, children) {
  children.forEach((child, place) => {
    const old = parent.children[place];
    if (!old) parent.append(child);
    else if (!old.isEqualNode(child)) old.replaceWith(child);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

const since = (at, limits) => make("span", { "data-since": at, "data-limits": limits, class: "since" }, NONE);
const share = (element, name, value) => { element.style.setProperty(name, `${Math.min(100, Math.max(0, value * 100))}%`); return element; };
const value = (name, shown) => document.querySelectorAll(`[data-value="${name}"]`).forEach((element) => text(element, shown));
const mood = (name, shown) => { document.querySelector(`[data-tile="${name}"]`).dataset.mood = shown; };

// --- the panels ---------------------------------------------------------------------------------------------------

function render() {
  text(page("title"), wall.title);
  document.title = `${wall.totals.waiting} waiting · ${wall.title}`;
  text(page("zone"), wall.zone);
  renderTiles(wall.totals, wall.promises);
  fill(page("queue-rows"), wall.queues.map(queueRow));
  page("no-queues").hidden = wall.queues.length > 0;
  fill(page("presence"), Object.entries(PRESENCES).map(([name, title]) =>
    make("li", { "data-presence": name }, make("span", { class: "mark", "aria-hidden": "true" }), make("strong", {}, number(wall.presence[name])), ` ${title}`)));
  fill(page("cards"), wall.agents.map(agentCard));
  page("cards").hidden = !wall.agents.length;
  page("no-agents").hidden = wall.agents.length > 0;
  renderVolume();
  fill(page("time-rows"), Object.entries(TIMES).map(([name, title]) => timeRow(title, wall.times[name])));
  text(page("error-note"), `Means are exact, p90 is within ±${Math.round(wall.percentile_error * 100)} %.`);
  fill(page("told-pairs"), toldPairs());
  fill(page("latest-cases"), wall.latest.map(latestCase));
  page("no-cases").hidden = wall.latest.length > 0;
  tick();
}

function renderTiles(totals, promises) {
  for (const name of ["waiting", "with_agents", "open", "contacts", "cases_opened", "resolved", "reopened"]) value(name, number(totals[name]));
  for (const name of ["running", "at_risk", "warned", "violated", "met"]) value(name, number(promises[name]));
  mood("risk", promises.at_risk ? "warn" : "");
  mood("violated", promises.violated ? "bad" : "");
}

function queueRow(queue) {
  const level = queue.service_level;
  const limits = level ? `${level.within_seconds},${level.within_seconds * 3}` : null;
  const cell = (label, content, kind) => make("td", { role: "cell", "data-label": label, class: kind }, content);
  return make("tr", { role: "row" },
    make("th", { role: "rowheader", scope: "row" }, queue.title),
    cell("Waiting", number(queue.waiting), "big"),
    cell("Longest", queue.oldest_waiting_at ? since(queue.oldest_waiting_at, limits) : NONE),
    cell("With agents", number(queue.with_agents)),
    cell("New today", number(queue.opened)),
    cell("Picked up in time", level ? levelMeter(level) : NONE));
}

function levelMeter(level) {
  const isLow = level.ratio !== null && level.ratio < level.target;
  const meter = make("span", { class: "meter", "aria-hidden": "true" }, make("i"), make("b"));
  share(share(meter, "--share", level.ratio ?? 0), "--target", level.target);
  return make("span", { class: "level", "data-mood": isLow ? "bad" : "" }, meter,
    make("span", { class: isLow ? "share bad" : "share" }, percent(level.ratio)),
    make("span", { class: "goal" }, `goal ${percent(level.target)} in ${spoken(level.within_seconds)}`));
}

function agentCard(agent) {
  const isFull = agent.capacity !== null && agent.load >= agent.capacity;
  const load = agent.capacity === null ? number(agent.load) : `${number(agent.load)}/${number(agent.capacity)}`;
  const meter = share(make("div", { class: "meter", "aria-hidden": "true" }, make("i")), "--share", agent.capacity ? agent.load / agent.capacity : 0);
  const work = agent.work.map((piece) => make("li", { "data-channel": piece.channel, "data-wrapping": String(piece.wrapping) },
    piece.number ? `#${piece.number}` : NONE, make("span", { class: "hidden" }, ` ${CHANNELS[piece.channel] ?? ""}${piece.wrapping ? ", wrapping up" : ""}`)));
  if (agent.more) work.push(make("li", {}, `+${agent.more}`));
  return make("li", { class: "card", "data-presence": agent.presence, "data-full": String(isFull), "data-ringing": String(agent.ringing > 0) },
    make("div", { class: "who" }, make("span", { class: "mark", "aria-hidden": "true" }), make("span", { class: "name" }, agent.label),
      make("span", { class: "hidden" }, `, ${PRESENCES[agent.presence] ?? agent.presence}, load`)),
    make("div", { class: "held" }, meter, make("span", { class: "load" }, agent.ringing ? "ringing" : load)),
    make("ul", { class: "work" }, ...work));
}

function renderVolume() {
  const most = Math.max(1, ...wall.channels.map((each) => each.contacts));
  fill(page("channels"), wall.channels.map((each) => make("li", { "data-channel": each.channel }, make("span", {}, CHANNELS[each.channel] ?? each.channel),
    make("span", { class: "bar", "aria-hidden": "true" }, share(make("i"), "--share", each.contacts / most)), make("b", {}, number(each.contacts)))));
  const peak = Math.max(1, ...wall.hours.map((each) => each.contacts));
  fill(page("hours"), wall.hours.map((each, place) => make("div", { class: place === wall.hours.length - 1 ? "now" : null },
    make("small", { class: "count" }, each.contacts ? number(each.contacts) : ""), make("span", { class: "plot" }, share(make("i"), "--share", each.contacts / peak)),
    make("small", { class: "hour" }, each.hour))));
  page("hours").setAttribute("aria-label", `By hour: ${wall.hours.map((each) => `${each.hour} h ${each.contacts}`).join(", ")}`);
}

const timeRow = (title, time) => make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, title),
  make("td", { role: "cell" }, duration(time.mean_seconds)), make("td", { role: "cell" }, duration(time.p90_seconds)), make("td", { role: "cell" }, number(time.count)));

function toldPairs() {
  const pair = (title, count) => make("div", {}, make("dt", {}, title), make("dd", {}, number(count)));
  return [...Object.entries(TOLD).map(([name, title]) => pair(title, wall.notifications[name])),
    pair("Calls answered", wall.totals.calls_answered), pair("Calls abandoned", wall.totals.calls_abandoned)];
}

function latestCase(each) {
  return make("li", { "data-channel": each.channel },
    make("span", { class: "number" }, each.number ? `#${each.number}` : NONE), make("span", { class: "tag" }, CHANNELS[each.channel] ?? NONE),
    make("span", { class: "queue" }, queueTitle(each.queue)), make("span", { class: "state" }, STATES[each.state] ?? each.state));
}

const queueTitle = (name) => (wall.queues.find((queue) => queue.queue === name) || { title: name || NONE }).title;

// --- every second -------------------------------------------------------------------------------------------------

function tick() {
  if (!wall) return;
  text(page("clock"), timeOfDay(now(), true));
  text(page("as-of"), timeOfDay(serverAt, true));
  value("longest", wall.totals.oldest_waiting_at ? duration((now() - Date.parse(wall.totals.oldest_waiting_at)) / 1000) : NONE);
  for (const element of document.querySelectorAll("[data-since]")) {
    const seconds = (now() - Date.parse(element.dataset.since)) / 1000;
    text(element, duration(seconds));
    const [warn, bad] = (element.dataset.limits || "Infinity,Infinity").split(",").map(Number);
    element.className = seconds > bad ? "since bad" : seconds > warn ? "since warn" : "since";
  }
}

// --- light and dark -----------------------------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
function theme(chosen) {
  const name = THEMES.includes(chosen) ? chosen : "system";
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  text(page("theme"), `Theme: ${name}`);
  try { localStorage.setItem("theme", name); } catch { /* a page without storage forgets the choice */ }
}
page("theme").addEventListener("click", () => theme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % 3]));
let remembered = null;
try { remembered = localStorage.getItem("theme"); } catch { /* likewise */ }
theme(new URLSearchParams(location.search).get("theme") ?? remembered);

setInterval(tick, 1000);
connect();
