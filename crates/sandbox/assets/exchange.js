// One exchange in words: what was sent, what came back, and what was wrong with it.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { get } from "./settings.js";

/** The outcome as a coloured word. */
export function outcome(exchange) {
  const codes = (exchange.findings ?? []).map((one) => one.code).filter((code) => code?.startsWith("errcode:"));
  const known = ["replied", "silent", "failed", "none"].includes(exchange.outcome) ? exchange.outcome : "running";
  return h("span", { class: `outcome ${codes.length ? "failed" : known}` }, codes[0] ?? t(exchange.direction === "api" && known === "replied" ? "out_ok" : `out_${known}`));
}

/** What was found wrong, each with its place and a link to the platform's page. */
export function findings(exchange) {
  const zh = get("lang") === "zh";
  return (exchange.findings ?? []).map((one) =>
    h(
      "li",
      { class: `finding ${one.severity ?? ""}`, "data-code": one.code },
      h("b", null, one.code),
      " ",
      (zh ? one.zh : one.en) ?? one.en ?? one.zh ?? "",
      one.where &&
        h("span", { class: "where" }, ` (${typeof one.where === "string" ? one.where : JSON.stringify(one.where)})`),
      one.doc &&
        /^https?:/.test(one.doc) &&
        h("a", { href: one.doc, target: "_blank", rel: "noopener noreferrer" }, " ↗"),
    ),
  );
}

/** A request or reply as text, whatever form it is kept in. */
export function raw(value) {
  // The platform writes its XML in one line; a line for each element reads better and changes nothing.
  return written(value).replace(/(<\/\w+>|^<xml>|\n<xml>)(?=<)/g, "$1\n");
}

function written(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  const parts = [];
  if (value.url ?? value.path) parts.push(`${value.method ?? ""} ${value.url ?? value.path}`.trim());
  const body = value.decoded ?? value.plain ?? value.body;
  if (body !== undefined && body !== null)
    parts.push(typeof body === "string" ? body : JSON.stringify(body, null, 2));
  return parts.length ? parts.join("\n") : JSON.stringify(value, null, 2);
}

/** The tries as one line: `200 in 12 ms`. */
export function tries(exchange) {
  return (exchange.tries ?? [])
    .map((one, at) => `${at + 1}: ${one.status ?? one.error ?? "–"} · ${one.took_ms ?? "?"} ms`)
    .join("   ");
}
