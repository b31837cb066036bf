// From what the API says to what is seen. Text is only ever set as text, so nothing sent by a
// publisher or a receiver can become markup.

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) made.addEventListener(attribute.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const quiet = (...text) => element("p", { class: "quiet" }, ...text);
const badge = (word) => element("span", { class: `badge ${word}` }, word);

function when(time) {
  if (!time) return "–";
  return element("time", { datetime: time, title: time }, new Date(time).toLocaleString());
}

function table(caption, titles, rows) {
  const head = element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, title)));
  return element(
    "div",
    { class: "scroll", id: `scroll-${caption}` },
    element("table", {}, element("caption", { class: "unseen" }, caption), element("thead", {}, head), element("tbody", {}, ...rows)),
  );
}

const row = (chosen, ...cells) => element("tr", { class: chosen ? "chosen" : null }, ...cells.map((cell) => element("td", {}, cell)));

function opener(id, text, chosen, choose) {
  return element("button", { type: "button", class: "link", id: `open-${id}`, "aria-pressed": String(chosen), onclick: () => choose(id) }, text);
}

/** The webhooks; `showMore` is null where these are all. */
export function webhooks(list, chosen, choose, showMore) {
  if (list.length === 0) return quiet("No webhooks yet. POST /v1/webhooks makes one.");
  const rows = list.map((webhook) =>
    row(
      webhook.id === chosen,
      opener(webhook.id, webhook.name, webhook.id === chosen, choose),
      element("span", { class: "url", title: webhook.url }, webhook.url),
      element("span", { title: webhook.disableReason }, badge(webhook.status), webhook.disableReason ? ` ${webhook.disableReason}` : ""),
      String(webhook.pendingCount),
      element("span", {}, when(webhook.lastDeliveryAt), webhook.lastDeliveryStatus ? " " : "", webhook.lastDeliveryStatus ? badge(webhook.lastDeliveryStatus) : ""),
    ),
  );
  return element("div", {}, table("Webhooks", ["Name", "URL", "Status", "Pending", "Last delivery"], rows), showMore && more(list.length, showMore));
}

function more(count, showMore) {
  return quiet(`The newest ${count} are shown. `, element("button", { type: "button", id: "more", onclick: showMore }, "Show more"));
}

export function deliveries(list, chosen, choose) {
  if (list.length === 0) return quiet("Nothing was owed to this webhook yet.");
  const rows = list.map((delivery) =>
    row(
      delivery.id === chosen,
      opener(delivery.id, delivery.event, delivery.id === chosen, choose),
      badge(delivery.status),
      String(delivery.attemptCount),
      when(delivery.createdAt),
      when(delivery.completedAt ?? delivery.nextAttemptAt),
    ),
  );
  return table("Latest deliveries", ["Event", "Status", "Attempts", "Owed", "Done or next"], rows);
}

export function delivery(shown) {
  const facts = element(
    "dl",
    {},
    ...[["Delivery", shown.id], ["Event", `${shown.event} ${shown.eventId}`], ["Status", shown.reason ? `${shown.status} (${shown.reason})` : shown.status]]
      .flatMap(([term, text]) => [element("dt", {}, term), element("dd", {}, text)]),
  );
  const attempts = shown.attempts.length === 0 ? [quiet("Not attempted yet.")] : shown.attempts.toReversed().map((tried) => attempt(`${shown.id}-${tried.number}`, tried));
  return element("div", {}, facts, ...attempts);
}

/** One attempt. What can be opened, scrolled or focused in it has an id that begins with `id`, so that an update finds it again. */
function attempt(id, tried) {
  const outcome = tried.error === null ? badge("succeeded") : badge("failed");
  const answer = tried.statusCode === null ? tried.error : `${tried.statusCode}${tried.error ? ` ${tried.error}` : ""}`;
  return element(
    "article",
    {},
    element("h3", {}, `Attempt ${tried.number} `, outcome, ` ${answer} · ${tried.durationMs} ms · `, when(tried.startedAt)),
    headers(`${id}-request`, "Request headers", tried.request.headers),
    tried.response === null
      ? quiet("No answer arrived.")
      : element("div", {}, headers(`${id}-response`, "Response headers", tried.response.headers), body(`${id}-body`, tried.response)),
  );
}

function headers(id, title, named) {
  const lines = Object.entries(named).map(([name, value]) => `${name}: ${value}`);
  return element(
    "details",
    { id },
    element("summary", { id: `${id}-summary` }, title),
    element("pre", { id: `${id}-lines` }, lines.join("\n") || "none"),
  );
}

function body(id, response) {
  if (response.body === "") return quiet("The answer had no body.");
  return element("div", {}, element("pre", { id }, response.body), response.truncated ? quiet("The rest was not kept.") : null);
}
