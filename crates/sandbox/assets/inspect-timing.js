// How long every try took, each drawn from its own beginning against the line at which the platform hangs up.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { deed } from "./panel-faults.js";
import { clockFace } from "./time.js";

const LIMIT = 5000;

/** Bars of all tries. */
export function timingTab(exchange) {
  const tries = exchange.tries ?? [];
  if (!tries.length) return h("p", { class: "panel-empty" }, t("no_tries"));
  const limit = exchange.limit_ms ?? (exchange.direction === "push" ? LIMIT : null);
  const longest = Math.max((limit ?? 0) * 1.15, 10, ...tries.map((one) => one.took_ms ?? 0));
  const part = (ms) => `${(100 * ms) / longest}%`;
  const began = tries[0].at_ms;
  const ticks = [0, 1000, 2000, 3000, 4000, 5000].filter((ms) => ms <= longest && (!limit || Math.abs(ms - limit) > 400));
  let no = 0;
  return [
    h(
      "div",
      { class: "timing", "data-testid": "timing" },
      tries.map((one) => {
        const bad = exchange.direction === "push" && one.status !== 200;
        const offset = one.at_ms - began;
        const parts = ["connect_ms", "first_byte_ms", "late_by_ms"].filter((name) => Number.isFinite(one[name]));
        return h(
          "div",
          { class: `try${bad ? " bad" : ""}${one.duplicate ? " extra" : ""}`, "data-testid": "try" },
          h("span", null, one.duplicate ? t("try_extra") : t("try_no", { no: (no += 1) })),
          h(
            "div",
            { class: "try-track", role: "img", "aria-label": `${one.took_ms} ms` },
            h("span", { class: "try-bar", vars: { "--w": part(one.took_ms ?? 0) } }),
            limit && h("span", { class: "try-limit", vars: { "--x": part(limit) } }),
          ),
          h(
            "span",
            { class: "try-words" },
            `${one.took_ms} ms · ${one.status ?? (one.fault?.drop ? "–" : (one.error ?? "–"))}`,
            offset > 0 && h("span", null, ` · +${(offset / 1000).toFixed(1)} s`),
            one.fault && h("span", null, ` · ${t("fault")} ${deed(one.fault)}`),
            parts.map((name) => h("span", null, ` · ${t(name)} ${one[name]} ms`)),
          ),
        );
      }),
    ),
    h(
      "div",
      { class: "scale", "aria-hidden": "true" },
      h("span", null, clockFace(began)),
      h(
        "span",
        null,
        ticks.map((ms) => h("i", { vars: { "--x": part(ms) } }, `${ms / 1000} s`)),
        limit && h("i", { class: "limit", vars: { "--x": part(limit) } }, t("hangs_up", { seconds: limit / 1000 })),
      ),
    ),
  ];
}
