// Cases one by one: their course; and, for those who signed in, conversations, whispers and commands.
import { CHANNELS, NONE, STATES, Refused, ask, caseButton, duration, make, number, page, rows, text, timeOfDay } from "./shown.js";

const OWN_WORK_MS = 4000;
const TEAM_MEASURES = { "handling count": "Handled", "handling mean": "Mean handling", "pick_up mean": "Mean pick-up", "resolution count": "Resolved", "transfers count": "Transferred" };

const zone = () => page("zone").textContent || undefined;
let visitor = null;
let opened = null; // the case whose dialog is open
let isWatching = false;
let opener = null; // where the focus goes back to
let panel = null; // that has it, should it be built anew meanwhile

// --- who ----------------------------------------------------------------------------------------------------------

export async function startRoom(connect) {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) history.replaceState(null, "", location.pathname + location.search); // a token does not stay in the address
  try {
    visitor = given ? await ask("v1/session", "POST", { token: given }) : await ask("v1/session");
  } catch (refused) { visitor = { actor: null }; if (given) problem("sign-in-problem", refused); }
  if (!visitor.actor) visitor = null;
  text(page("who"), visitor ? `${visitor.actor.name ?? visitor.actor.id} · sign out` : "Sign in");
  document.body.classList.toggle("is-signed-in", Boolean(visitor));
  document.body.classList.toggle("is-coordinating", Boolean(visitor?.coordinates));
  addEventListener("hashchange", () => { if (location.hash.startsWith("#token=")) location.reload(); });
  page("who").addEventListener("click", visitor ? signOut : () => page("sign-in").showModal());
  page("sign-in-cancel").addEventListener("click", () => page("sign-in").close());
  page("sign-in-form").addEventListener("submit", signIn);
  connect(Boolean(visitor?.coordinates));
  if (!visitor) return;
  if (!visitor.coordinates) { page("own").hidden = false; ownWork(); setInterval(ownWork, OWN_WORK_MS); }
  if (!visitor.leaderboard) return;
  page("results-form").addEventListener("submit", (event) => { event.preventDefault(); results(); });
  page("results-who").addEventListener("change", results);
  results();
}

async function signIn(event) {
  event.preventDefault();
  try {
    await ask("v1/session", "POST", { token: page("token").value });
    location.reload();
  } catch (refused) { problem("sign-in-problem", refused); }
}

async function signOut() {
  await ask("v1/session", "DELETE").catch(() => null);
  location.reload();
}

function problem(id, refused) {
  page(id).hidden = !refused;
  text(page(id), refused ? (refused instanceof Refused ? refused.message : "Something is wrong with this page.") : "");
}

// --- one case -----------------------------------------------------------------------------------------------------

export async function openCase(name, button = null) {
  [opener, panel] = [button, button?.closest("section") ?? null];
  opened = name;
  isWatching = false;
  problem("case-problem", null);
  done("");
  page("course").replaceChildren();
  page("talk").replaceChildren();
  page("talk").hidden = true;
  page("unopened").hidden = false;
  page("coordinate").hidden = !visitor?.coordinates;
  text(page("case-title"), "Case");
  text(page("case-facts"), "");
  if (!page("case").open) page("case").showModal();
  page("case-title").focus();
  await showCase();
}

async function showCase() {
  try {
    const told = await ask(`v1/cases/${encodeURIComponent(opened)}`);
    opened = told.case;
    text(page("case-title"), `Case ${told.number ? `#${told.number}` : NONE}`);
    text(page("case-facts"), [STATES[told.state] ?? told.state, CHANNELS[told.channel], told.queue, `priority ${told.priority || NONE}`, told.holders.length ? `with ${told.holders.join(", ")}` : ""].filter(Boolean).join(" · "));
    rows(page("course"), told.entries.map((entry, place) => ({ ...entry, place })), (entry) => entry.place, entryLine);
    if (told.agents) choose(told.agents);
    if (isWatching) showTalk(await ask(`v1/cases/${encodeURIComponent(opened)}/conversation`));
  } catch (refused) {
    if (refused.status === 409) isWatching = false;
    problem("case-problem", refused.status === 404 ? new Refused(404, "There is no such case here.") : refused);
  }
}

const entryLine = (entry) => make("li", { "data-topic": entry.topic, "data-what": entry.what },
  make("time", { datetime: entry.at }, timeOfDay(Date.parse(entry.at), zone(), true)),
  make("div", {}, entry.text, ...(entry.reason ? [make("p", { class: "reason" }, entry.reason)] : [])));

function choose(agents) {
  const queues = [...document.querySelectorAll("#queue-rows tr")].map((row) => [`queue:${row.dataset.key}`, row.querySelector("th").textContent]);
  const groups = [["Agents", agents.map((each) => [`agent:${each.id}`, each.name])], ["Queues", queues.sort((a, b) => a[1].localeCompare(b[1]))]];
  const content = JSON.stringify(groups);
  if (page("reassign-to").content === content) return;
  page("reassign-to").content = content;
  page("reassign-to").replaceChildren(make("option", { value: "" }, "…"), ...groups.filter(([, each]) => each.length).map(([title, each]) =>
    make("optgroup", { label: title }, ...each.map(([value, shown]) => make("option", { value }, shown)))));
}

function showTalk(told) {
  page("unopened").hidden = true;
  page("talk").hidden = false;
  const said = told.said.length ? told.said : [{ at: null, by: "", text: told.kept ? "Nothing was said yet." : "Texts are not kept here (measures.yaml: searchable)." }];
  const wasAtEnd = page("talk").scrollTop + page("talk").clientHeight >= page("talk").scrollHeight - 8;
  rows(page("talk"), said.map((each, place) => ({ ...each, place })), (each) => each.place, saidLine);
  if (wasAtEnd) page("talk").scrollTop = page("talk").scrollHeight;
}

const saidLine = (each) => make("li", { "data-by": each.what === "whispered" ? "whisper" : each.by },
  make("span", { class: "speaker" }, each.what === "whispered" ? `${each.name} whispered` : each.name || (each.by === "customer" ? "Customer" : each.by)),
  ...(each.at ? [make("time", { datetime: each.at }, timeOfDay(Date.parse(each.at), zone()))] : []),
  make("p", {}, each.subject && each.what === "opened" ? `${each.subject}: ${each.text}` : each.text));

export function touched(cases) {
  if (page("case").open && opened && (cases === null || cases.includes(opened))) showCase();
}

function done(words) { page("case-done").hidden = !words; text(page("case-done"), words); }

async function say(path, body, words) {
  try {
    const told = await ask(`v1/cases/${encodeURIComponent(opened)}/${path}`, "POST", body);
    problem("case-problem", null);
    done(words);
    return told;
  } catch (refused) { done(""); problem("case-problem", refused); return null; }
}

page("case-close").addEventListener("click", () => page("case").close());
page("case").addEventListener("close", () => {
  const same = `[data-case="${CSS.escape(opened ?? "")}"]`;
  const back = opener?.isConnected ? opener : panel?.querySelector(same) ?? page("find-number");
  opened = null;
  back.focus();
});
page("watch").addEventListener("click", async () => {
  const told = await say("watch", {}, "Open: the agent sees that you look.");
  if (told) { isWatching = true; showTalk(told); page("talk").focus(); }
});
page("whisper").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (await say("whisper", { text: page("whisper-text").value }, "Whispered.")) page("whisper-text").value = "";
});
page("reassign").addEventListener("submit", (event) => {
  event.preventDefault();
  const [kind, name] = [page("reassign-to").value.split(":", 1)[0], page("reassign-to").value.replace(/^[^:]*:/, "")];
  if (name) say("reassign", { [kind]: name }, "Asked the router to reassign it; what becomes of it stands beside.");
});
page("raise").addEventListener("submit", (event) => {
  event.preventDefault();
  say("raise", { priority: page("raise-to").value }, "Asked the router to raise it; what becomes of it stands beside.");
});

// --- one's own work -----------------------------------------------------------------------------------------------

async function ownWork() {
  const told = await ask("v1/work").catch(() => null);
  if (!told) return;
  rows(page("own-work"), told.work, (each) => each.case, workLine);
  page("no-work").hidden = told.work.length > 0;
}

function workLine(each) {
  const watched = each.watched.map((looked) => `${looked.name} looked in at ${timeOfDay(Date.parse(looked.at), zone())}`).join(", ");
  const form = make("form", { class: "row" }, make("label", {}, "Whisper back ", make("input", { maxlength: "4000", required: "", autocomplete: "off" })), make("button", {}, "Whisper"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const last = each.whispers.findLast((whisper) => whisper.person !== visitor.actor.id);
    await ask(`v1/cases/${encodeURIComponent(each.case)}/whisper`, "POST", { text: form.querySelector("input").value, to: last?.person }).catch(() => null);
    form.reset();
  });
  return make("li", {}, make("p", {}, caseButton(each.case, `#${each.number}`), ` ${CHANNELS[each.channel] ?? ""}`, watched ? make("strong", { class: "watched" }, ` ${watched}`) : ""),
    make("ol", { class: "talk" }, ...each.whispers.map(saidLine)), form);
}

// --- results ------------------------------------------------------------------------------------------------------

async function results() {
  const who = page("results-who").value;
  const path = `v1/leaderboard?days=${encodeURIComponent(page("results-days").value)}${who ? `&agent=${encodeURIComponent(who)}` : ""}`;
  let told;
  try { told = await ask(path); } catch (refused) { page("results").hidden = false; text(page("results-note"), refused.message); return; }
  page("results").hidden = false;
  if (told.led.length && page("results-who").options.length <= 1) {
    page("results-who-label").hidden = false;
    page("results-who").replaceChildren(make("option", { value: "" }, "yourself"), ...told.led.map((each) => make("option", { value: each }, told.names[each] ?? each)));
    page("results-who").value = who;
  }
  page("results-mine").replaceChildren(...(told.me ? told.me.figures.map(spread) : []));
  const head = ["Team", "Agents", ...Object.values(TEAM_MEASURES)].map((title) => make("th", { role: "columnheader", scope: "col" }, title));
  page("results-head").replaceChildren(make("tr", { role: "row" }, ...head));
  page("results-teams").replaceChildren(...told.teams.map(teamRow));
  text(page("results-note"), `Groups of fewer than ${told.smallest_group} are not told apart.${told.me ? ` The line spans the role but for its outermost, the box its middle half, the stroke its middle; the blue mark is ${who ? told.names[who] ?? who : "you"}.` : ""}`);
}

const shown = (kind, value) => (kind === "mean" ? duration(value) : number(value));

const teamRow = (team) => make("tr", { role: "row" }, make("th", { role: "rowheader", scope: "row" }, team.team || (team.team === null ? "Smaller teams" : "No team")),
  make("td", { role: "cell" }, number(team.agents)), ...team.figures.map((each) => make("td", { role: "cell" }, shown(each.kind, each.value))));

function spread(figure) {
  const title = TEAM_MEASURES[`${figure.measure} ${figure.kind}`];
  const head = make("p", {}, title, make("strong", {}, ` ${shown(figure.kind, figure.mine)}`));
  if (!figure.spread) return make("div", { class: "spread" }, head, make("p", { class: "quiet" }, "too few to compare with"));
  const [low, quarter, half, three, high] = figure.spread;
  const from = Math.min(low, figure.mine ?? low);
  const span = Math.max(high, figure.mine ?? high) - from || 1;
  const at = (value) => `${((value - from) / span) * 100}%`;
  const bar = make("div", { class: "box", "aria-hidden": "true" }, make("i"), make("u"), make("b"), make("s"));
  for (const [name, value] of [["--low", low], ["--quarter", quarter], ["--half", half], ["--three", three], ["--high", high], ["--mine", figure.mine ?? half]]) bar.style.setProperty(name, at(value));
  return make("div", { class: "spread" }, head, bar, make("p", { class: "quiet" }, `role: middle ${shown(figure.kind, half)}, half of them from ${shown(figure.kind, quarter)} to ${shown(figure.kind, three)}`));
}
