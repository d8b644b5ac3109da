// The day's contacts by channel, half hour by half hour, drawn by uPlot (vendor/).
import { CHANNELS, page } from "./shown.js";

let chart = null;
let drawn = "";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Bars stand on each other: each series is drawn with what lies below it, the highest first.
function stacked(channels, count) {
  const sums = new Array(count).fill(0);
  return channels.map((each) => each.series.map((value, place) => (sums[place] += value))).reverse();
}

export function drawChart(volume, zone) {
  const place = page("chart");
  const channels = volume.channels.filter((each) => each.contacts > 0);
  const theme = document.documentElement.dataset.theme ?? String(matchMedia("(prefers-color-scheme: dark)").matches);
  const wanted = JSON.stringify([volume, theme, place.clientWidth, place.clientHeight]);
  if (wanted === drawn || !place.clientWidth) return;
  drawn = wanted;
  const start = Date.parse(volume.starts_at) / 1000;
  const slots = volume.channels[0].series.map((_, at) => start + at * volume.slot_seconds);
  const data = [slots, ...stacked(channels, slots.length)];
  chart?.destroy();
  chart = new uPlot(options(channels, slots, volume.slot_seconds, zone, place), data, place);
  place.setAttribute("aria-label", described(volume, slots, zone));
}

function options(channels, slots, slot, zone, place) {
  const rem = parseFloat(getComputedStyle(place).fontSize);
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { show: false }, font: `${Math.round(rem * 0.8)}px system-ui, sans-serif` };
  const [from, until] = span(channels, slots, slot);
  const series = channels.map((each) => ({
    label: CHANNELS[each.channel], stroke: "transparent", width: 0, fill: colour(`--${each.channel}`), points: { show: false },
    paths: uPlot.paths.bars({ size: [0.82, 60], align: 1 }),
  })).reverse();
  return {
    width: place.clientWidth, height: place.clientHeight, legend: { show: false }, cursor: { show: false }, padding: [rem * 0.5, rem, 0, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), zone),
    scales: { x: { range: () => [from, until] }, y: { range: (_, __, most) => [0, Math.max(4, most * 1.08)] } },
    axes: [{ ...axis, grid: { show: false }, size: Math.round(1.7 * rem), values: (_, at) => at.map((each) => clock(each, zone)), incrs: [7200, 14400, 21600] }, { ...axis, size: Math.round(2.8 * rem), space: 2 * rem, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }],
    series: [{}, ...series],
  };
}

// From the even hour in which the day's first contact came, over half a day at least: an empty night takes no room.
function span(channels, slots, slot) {
  const first = slots.findIndex((_, place) => channels.some((each) => each.series[place] > 0));
  const from = slots[0] + Math.floor((Math.max(0, first) * slot) / 7200) * 7200;
  return [from, Math.max(slots[slots.length - 1] + slot, from + 12 * 3600)];
}

const clock = (at, zone) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", hourCycle: "h23", timeZone: zone }).format(at * 1000);

function described(volume, slots, zone) {
  const sums = slots.map((_, place) => volume.channels.reduce((sum, each) => sum + each.series[place], 0));
  const told = sums.map((sum, place) => [sum, place]).filter(([sum]) => sum > 0);
  const words = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
  return `By half hour: ${told.map(([sum, place]) => `${words.format(slots[place] * 1000)} ${sum}`).join(", ") || "none"}`;
}

export function forget() { drawn = ""; }
