// What the exchange changed: the state before it beside the state after it.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { full } from "./time.js";

/** A nested value as flat names. */
function flat(value, name = "", out = new Map()) {
  if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      // A window is known by its action, not by its place in the list.
      const part = Array.isArray(value) ? (inner?.action ?? inner?.endpoint ?? key) : key;
      if (!Array.isArray(value) && (key === "action" || key === "endpoint") && name) continue;
      flat(inner, name ? `${name}.${part}` : String(part), out);
    }
    if (!Object.keys(value).length && name) out.set(name, "–");
  } else {
    let key = name;
    for (let n = 2; out.has(key); n += 1) key = `${name} (${n})`;
    out.set(key, value === null ? "–" : /_ms$/.test(name) && value > 1e12 ? full(value) : String(value));
  }
  return out;
}

/** A table; what changed stands out and comes first. */
export function stateTab(exchange) {
  const before = exchange.before ?? exchange.state?.before,
    after = exchange.after ?? exchange.state?.after;
  if (!before && !after) return h("p", { class: "panel-empty" }, t("no_state"));
  const was = flat(before ?? {}),
    is = flat(after ?? {});
  const names = [...new Set([...was.keys(), ...is.keys()])];
  const changed = (name) => was.get(name) !== is.get(name);
  names.sort((a, b) => changed(b) - changed(a));
  return h(
    "table",
    { class: "diff", "data-testid": "state" },
    h("thead", null, h("tr", null, h("th", { scope: "col" }, t("fact")), h("th", { scope: "col" }, t("before")), h("th", { scope: "col" }, t("after")))),
    h(
      "tbody",
      null,
      names.map((name) =>
        h(
          "tr",
          { class: changed(name) ? "changed" : null },
          h("td", null, name),
          h("td", null, changed(name) && was.has(name) ? h("del", null, was.get(name)) : (was.get(name) ?? "")),
          h("td", null, changed(name) && is.has(name) ? h("ins", null, is.get(name)) : (is.get(name) ?? "")),
        ),
      ),
    ),
  );
}
