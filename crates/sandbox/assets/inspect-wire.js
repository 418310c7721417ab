// What travelled, beside what it means once it is opened.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { block, placeOf, readable, visible } from "./pretty.js";

function facts(pairs) {
  const given = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return (
    given.length > 0 &&
    h(
      "dl",
      { class: "facts" },
      given.map(([name, value]) => [h("dt", null, name), h("dd", null, String(value))]),
    )
  );
}

/** Headers may be an object or a list of pairs; without any, the content type stands for them. */
const headers = ({ headers: given, content_type }) => {
  const pairs = Array.isArray(given) ? given.map((one) => (Array.isArray(one) ? one : [one.name, one.value])) : Object.entries(given ?? {});
  return pairs.length ? pairs : [["content-type", content_type]];
};

function query(url) {
  try {
    const parsed = new URL(url);
    return [`${parsed.origin}${parsed.pathname}`, [...parsed.searchParams]];
  } catch {
    return [url, []];
  }
}

const written = (body) => (typeof body === "string" ? body : body === null || body === undefined ? "" : JSON.stringify(body));

function request(one) {
  if (!one) return null;
  const [url, parameters] = query(one.url ?? one.path ?? "");
  return [
    facts([[one.method ?? "POST", url], ...parameters, ...Object.entries(one.query ?? {}), ...headers(one)]),
    block(written(one.wire ?? one.body), { label: t("wire_request") }),
  ];
}

function reply(one) {
  if (!one) return h("p", { class: "panel-empty" }, t("no_reply"));
  return [
    facts([["HTTP", one.status], ["file", one.file_name], ["bytes", one.bytes], ...headers(one)]),
    block(written(one.wire ?? one.body), { label: t("wire_reply") }),
  ];
}

const opened = (one) => one?.plain ?? one?.decrypted ?? one?.decoded ?? one?.body;

/** Two columns, request above reply. */
export function wireTab(exchange) {
  const place = placeOf(exchange.findings);
  const answer = opened(exchange.reply);
  return h(
    "div",
    { class: "sides" },
    h("div", null, h("h2", null, t("wire_request")), request(exchange.request)),
    h(
      "div",
      { "data-testid": "plain-request" },
      h("h2", null, t("plain_request")),
      block(readable(opened(exchange.request)), { label: t("plain_request") }),
    ),
    h("div", null, h("h2", null, t("wire_reply")), reply(exchange.reply)),
    h(
      "div",
      { "data-testid": "plain-reply" },
      h("h2", null, t("plain_reply")),
      answer === null || answer === undefined
        ? h("p", { class: "panel-empty" }, "–")
        : // A place in the text is only right in the text as it was written.
          block(place ? visible(written(answer)) : readable(answer), { mark: place, label: t("plain_reply") }),
    ),
  );
}
