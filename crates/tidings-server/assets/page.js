// The delivery page: webhooks, their latest deliveries, one delivery's attempts; live.

import { Problem, follow, forgetKey, get, saveKey, savedKey } from "./api.js";
import * as view from "./view.js";

/** Attempts make no events, so what is shown is also looked at anew this often. */
const REFRESH_MS = 3000;
const RECONNECT_MS = 5000;
/** However many events arrive, no more often than this. */
const PAUSE_MS = 400;

const at = (id) => document.getElementById(id);
const shown = { webhook: null, delivery: null, pages: 1 };
/** What the page says before there is a key. */
const hint = at("webhooks").firstElementChild;
let round = null;
let coming = null;

/** The organization that is looked at, as a query. */
const organization = () => (at("organization").value ? `organizationId=${encodeURIComponent(at("organization").value)}&` : "");

function say(text) {
  if (at("state").textContent !== text) at("state").textContent = text;
}

/** Puts `made` in place of what is there, unless nothing changed; what was open, scrolled or focused stays so. */
function place(id, made) {
  const holder = at(id);
  const open = new Set([...holder.querySelectorAll("details[open]")].map((details) => details.id));
  made.querySelectorAll("details").forEach((details) => (details.open = open.has(details.id)));
  if (holder.firstElementChild?.isEqualNode(made)) return;
  const focused = holder.contains(document.activeElement) ? document.activeElement.id : null;
  const scrolled = [...holder.querySelectorAll(".scroll, pre")].map(({ id, scrollLeft, scrollTop }) => ({ id, scrollLeft, scrollTop }));
  holder.replaceChildren(made);
  for (const { id, scrollLeft, scrollTop } of scrolled) at(id)?.scrollTo(scrollLeft, scrollTop);
  if (focused) (at(focused) ?? holder).focus({ preventScroll: true });
}

/** As many pages of the list as were asked for, and whether there are more. */
async function webhookPages(signal) {
  const list = [];
  let cursor = "";
  for (let page = 0; page < shown.pages && cursor !== null; page++) {
    const after = cursor && `&cursor=${cursor}`;
    const { data, nextCursor } = await get(`/v1/webhooks?${organization()}includeDescendants=true&limit=200${after}`, signal);
    list.push(...data);
    cursor = nextCursor;
  }
  return { list, isMore: cursor !== null };
}

async function refresh(signal) {
  const { list, isMore } = await webhookPages(signal);
  place("webhooks", view.webhooks(list, shown.webhook, chooseWebhook, isMore ? showMore : null));
  const { webhook, delivery } = shown;
  const deliveries = webhook && (await get(`/v1/webhooks/${webhook}/deliveries?limit=25`, signal));
  const details = delivery && (await get(`/v1/deliveries/${delivery}`, signal));
  // Another choice meanwhile looks for itself.
  if (shown.webhook !== webhook || shown.delivery !== delivery) return;
  if (deliveries) place("deliveries", view.deliveries(deliveries.data, delivery, chooseDelivery));
  if (details) place("delivery", view.delivery(details));
  at("deliveries-section").hidden = !deliveries;
  at("delivery-section").hidden = !details;
  say("Live");
}

async function refreshSafely() {
  const signal = round?.signal;
  try {
    await refresh(signal);
  } catch (error) {
    if (signal?.aborted) return;
    if (error instanceof Problem && error.status === 404) Object.assign(shown, { webhook: null, delivery: null });
    say(error.message);
  }
}

/** Looks anew in a moment; many calls in that moment are one. */
function refreshSoon() {
  coming ??= setTimeout(() => {
    coming = null;
    refreshSafely();
  }, PAUSE_MS);
}

/** Shows what somebody chose, which may be far below the choice. Updates leave the reader where they are. */
async function reveal(id) {
  await refreshSafely();
  if (at(id).hidden) return;
  at(id).focus({ preventScroll: true });
  at(id).scrollIntoView();
}

function chooseWebhook(id) {
  Object.assign(shown, { webhook: shown.webhook === id ? null : id, delivery: null });
  reveal("deliveries-section");
}

function chooseDelivery(id) {
  shown.delivery = shown.delivery === id ? null : id;
  reveal("delivery-section");
}

async function showMore() {
  const openers = () => at("webhooks").querySelectorAll("tbody button");
  const before = openers().length;
  shown.pages += 1;
  await refreshSafely();
  openers()[before]?.focus();
}

/** Follows the organization's events where the key may; polling goes on either way. */
async function listen(signal) {
  while (!signal.aborted) {
    try {
      await follow(`/v1/events/stream?${organization()}includeDescendants=true`, refreshSoon, signal);
    } catch (error) {
      if (error instanceof Problem && error.status === 403) return;
    }
    await new Promise((resume) => setTimeout(resume, RECONNECT_MS));
  }
}

async function poll(signal) {
  while (!signal.aborted) {
    if (!document.hidden) await refreshSafely();
    await new Promise((resume) => setTimeout(resume, REFRESH_MS));
  }
}

/** The installation's key belongs to no organization: let one be picked. */
async function organizationsToPick(signal) {
  try {
    await get("/v1/webhooks?limit=1", signal);
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 422) throw error;
  }
  const { data } = await get("/v1/organizations?limit=200", signal);
  if (data.length === 0) throw new Error("There is no organization yet. POST /v1/organizations makes one.");
  return data;
}

function offer(organizations) {
  const picker = at("organization");
  picker.replaceChildren(...organizations.map(({ id, name }) => view.element("option", { value: id }, `${name} (${id})`)));
  picker.hidden = document.querySelector("label[for=organization]").hidden = organizations.length === 0;
}

/** Begins a round from nothing: what another key or organization was shown is not for this one. */
function startOver() {
  round?.abort();
  round = new AbortController();
  clearTimeout(coming);
  coming = null;
  Object.assign(shown, { webhook: null, delivery: null, pages: 1 });
  at("deliveries-section").hidden = at("delivery-section").hidden = true;
  for (const id of ["webhooks", "deliveries", "delivery"]) at(id).replaceChildren();
  say("Loading…");
  return round.signal;
}

function begin() {
  const signal = startOver();
  poll(signal);
  listen(signal);
}

async function enter() {
  const signal = startOver();
  at("forget").hidden = false;
  offer([]);
  try {
    offer(await organizationsToPick(signal));
    begin();
  } catch (error) {
    if (signal.aborted) return;
    at("webhooks").replaceChildren(hint);
    say(error.message);
  }
}

at("access").addEventListener("submit", (event) => {
  event.preventDefault();
  if (at("key").value.trim()) saveKey(at("key").value.trim());
  at("key").value = "";
  at("key").required = false;
  enter();
});
at("organization").addEventListener("change", begin);
at("forget").addEventListener("click", () => {
  forgetKey();
  location.reload();
});
if (savedKey()) {
  at("key").required = false;
  enter();
}
