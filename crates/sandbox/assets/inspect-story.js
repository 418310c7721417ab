// What happened, told in order, and the verdict in the page's language.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { brief } from "./ledger.js";
import { get } from "./settings.js";

function tryLine(one, no, limit) {
  const values = { no, took: one.took_ms ?? "?", status: one.status, why: one.error };
  if (one.duplicate) return [t("story_duplicate", values), false];
  if (one.status) return [t("story_status", values), one.status !== 200];
  if (one.fault?.drop) return [t("story_dropped", values), true];
  if (one.error === "timeout" || one.took_ms >= limit) return [t("story_timeout", values), true];
  return [t("story_error", values), true];
}

function ending(exchange, errcode) {
  const api = exchange.direction === "api";
  if (api) return errcode ? t("story_api_refused", { code: errcode }) : t("story_api_done");
  return t(`story_${["replied", "silent", "failed", "none"].includes(exchange.outcome) ? exchange.outcome : "running"}`);
}

/** The steps as a list, then one box a finding. */
export function storyTab(exchange, { nickname }) {
  const zh = get("lang") === "zh";
  const api = exchange.direction === "api";
  const errcode = exchange.reply?.body?.errcode || null;
  const who = (exchange.user && nickname(exchange.user)) || exchange.user || t("somebody");
  const steps = [[t(api ? "story_api" : "story_push", { who, kind: exchange.kind }), false]];
  const said = brief(exchange);
  if (said) steps.push([t("story_said", { text: said }), false]);
  let no = 0;
  const tries = api ? [] : (exchange.tries ?? []);
  for (const one of tries) steps.push(tryLine(one, one.duplicate ? no : (no += 1), exchange.limit_ms ?? 5000));
  for (const one of tries)
    if (one.late_by_ms) steps.push([t("story_late", { ms: one.late_by_ms }), true]);
  const answer = !api && exchange.outcome === "replied" && brief({ request: exchange.reply });
  if (answer) steps.push([t("story_answer", { text: answer }), false]);
  const bad = exchange.outcome === "failed" || Boolean(errcode);
  const findings = exchange.findings ?? [];
  return [
    h(
      "ol",
      { class: "story", "data-testid": "story" },
      steps.map(([text, wrong]) => h("li", { class: wrong ? "bad" : null }, text)),
      h("li", { class: bad ? "end bad" : "end" }, ending(exchange, errcode)),
    ),
    h("h2", null, t("verdict")),
    findings.length
      ? findings.map((one) =>
          h(
            "div",
            { class: `verdict ${one.severity ?? ""}`, "data-testid": "finding", "data-code": one.code },
            h("code", null, one.code),
            one.where && h("span", { class: "where" }, ` · ${typeof one.where === "string" ? one.where : JSON.stringify(one.where)}`),
            h("p", null, (zh ? one.zh : one.en) ?? one.en ?? one.zh ?? ""),
            one.doc &&
              /^https?:/.test(one.doc) &&
              h("a", { href: one.doc, target: "_blank", rel: "noopener noreferrer", "data-testid": "doc" }, t("doc_page")),
          ),
        )
      : h("p", { class: "panel-empty" }, t("nothing_wrong")),
  ];
}
