// What every part of the page builds with: elements, words, requests.

export const NONE = "–";
export const CHANNELS = { email: "E-mail", chat: "Chat", phone: "Phone", web: "Web form", message: "Messaging", desk: "By hand" };
export const PRESENCES = { online: "online", busy: "busy", away: "away", not_answering: "not answering", offline: "offline" };
export const STATES = {
  waiting: "waiting", offered: "ringing", held: "with an agent", wrapping: "wrapping up", open: "open",
  resolved: "resolved", closed: "closed", merged: "merged", unknown: NONE,
};

export const page = (id) => document.getElementById(id);
export const number = (value) => (value === null || value === undefined ? NONE : value.toLocaleString("en-US"));
export const percent = (ratio) => (ratio === null || ratio === undefined ? NONE : `${Math.floor(ratio * 100)} %`); // never rounds up to a target

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const pad = (value) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${pad(whole % 60)}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))}`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export const spoken = (seconds) => {
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
};

export function timeOfDay(ms, zone, withSeconds) {
  if (!ms) return NONE;
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  if (withSeconds) options.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", options).format(ms);
}

export function text(element, value) { if (element.textContent !== value) element.textContent = value; }

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Builds anew only rows whose content changed, so that neither focus nor whoever has the screen read is disturbed for nothing.
export function rows(parent, items, keyOf, build) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const content = JSON.stringify(item);
    let row = known.get(key);
    known.delete(key);
    if (!row || row.content !== content) {
      const fresh = build(item);
      fresh.dataset.key = key;
      fresh.content = content;
      if (row) {
        const had = row.contains(document.activeElement) ? document.activeElement.dataset.case : null;
        if (place === row) place = row.nextElementSibling;
        row.replaceWith(fresh);
        if (had) fresh.querySelector(`[data-case="${CSS.escape(had)}"]`)?.focus();
      }
      row = fresh;
    }
    if (row === place) place = place.nextElementSibling;
    else parent.insertBefore(row, place);
  }
  for (const row of known.values()) row.remove();
}

export const share = (element, name, value) => { element.style.setProperty(name, `${Math.min(100, Math.max(0, value * 100))}%`); return element; };
export const caseButton = (id, shown, kind = "number") => make("button", { type: "button", class: `case ${kind}`, "data-case": id }, shown);

export class Refused extends Error {
  constructor(status, why) { super(why); this.status = status; }
}

export async function ask(path, method = "GET", body) {
  const options = { method, headers: { accept: "application/json" }, cache: "no-store" };
  if (method !== "GET") { options.headers["content-type"] = "application/json"; options.body = JSON.stringify(body ?? {}); }
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Refused(0, "The desk does not answer."); }
  const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, told.error ? told.error.reason ?? `${told.error.field}: ${told.error.expected}` : `Error ${answer.status}`);
  return told;
}
