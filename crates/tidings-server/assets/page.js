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

/** Puts `made` in place of what is there, unless nothing changed; what was open or focused stays so. */
function place(id, made) {
  const holder = at(id);
  const open = [...holder.querySelectorAll("details")].map((details) => details.open);
  made.querySelectorAll("details").forEach((details, index) => (details.open = open[index] ?? false));
  if (holder.firstElementChild?.isEqualNode(made)) return;
  const focused = holder.contains(document.activeElement) ? document.activeElement.id : null;
  holder.replaceChildren(made);
  if (focused) at(focused)?.focus();
}

async function refresh(signal) {
  const webhooks = await get(`/v1/webhooks?${organization()}includeDescendants=true&limit=200`, signal);
  place("webhooks", view.webhooks(webhooks.data, shown.webhook, chooseWebhook));
  at("deliveries-section").hidden = shown.webhook === null;
  at("delivery-section").hidden = shown.delivery === null;
  if (shown.webhook !== null) {
    const deliveries = await get(`/v1/webhooks/${shown.webhook}/deliveries?limit=25`, signal);
    place("deliveries", view.deliveries(deliveries.data, shown.delivery, chooseDelivery));
  }
  if (shown.delivery !== null) place("delivery", view.delivery(await get(`/v1/deliveries/${shown.delivery}`, signal)));
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

function chooseWebhook(id) {
  Object.assign(shown, { webhook: shown.webhook === id ? null : id, delivery: null });
  refreshSafely();
}

function chooseDelivery(id) {
  shown.delivery = shown.delivery === id ? null : id;
  refreshSafely();
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
  at("forget").hidden = false;
  offer([]);
  try {
    offer(await organizationsToPick(signal));
    begin();
  } catch (error) {
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
  const signal = startOver();
    if (signal.aborted) return;
    at("webhooks").replaceChildren(hint);
