// How much a person may still be sent: one bar for each window that is open, running down as time passes.

import { h, show } from "./dom.js";
import { t } from "./i18n.js";
import { span } from "./time.js";

const USUAL = { message: 5, menu: 3, follow: 3, scan: 3 };
const LASTS = { message: 172_800, menu: 60, follow: 60, scan: 60, pay: 172_800 };

export class Meters {
  constructor(store) {
    this.store = store;
    this.node = h("div", { class: "windows", "data-testid": "windows" });
    this.windows = [];
  }

  /** The numbers in force; a profile may have changed them. */
  learn(settings) {
    for (const name of Object.keys(LASTS)) {
      const window = settings?.[`window_${name}`];
      if (!window) continue;
      USUAL[name] = window.messages ?? null;
      LASTS[name] = window.seconds ?? LASTS[name];
    }
  }

  load(windows) {
    this.windows = windows ?? [];
    this.draw();
  }

  draw() {
    const now = this.store.now();
    const open = this.windows.filter((one) => !one.ends_at_ms || one.ends_at_ms > now);
    this.open = open.length;
    if (!open.length) {
      show(this.node, h("p", { class: "panel-empty" }, t("no_windows")));
      return;
    }
    show(
      this.node,
      open.map((one) => {
        const free = one.left === null || one.left === undefined;
        const most = Math.max(USUAL[one.action] ?? one.left ?? 1, one.left ?? 0) || 1;
        return h(
          "div",
          { class: free || one.left > 0 ? "window" : "window used", "data-action": one.action, "data-left": one.left ?? "∞" },
          h("span", { class: "window-name" }, t(`window_${one.action}`)),
          h(
            "span",
            { class: "pips", role: "img", "aria-label": free ? t("unlimited") : t("left_of", { left: one.left, most }) },
            free
              ? "∞"
              : Array.from({ length: Math.min(most, 20) }, (_, at) => h("i", { class: at < one.left ? "pip on" : "pip" })),
          ),
          h("b", null, free ? "" : `${one.left}/${most}`),
          h("span", { class: "window-left", "data-ends": one.ends_at_ms ?? "" }, one.ends_at_ms ? span(one.ends_at_ms - now) : ""),
          h("span", { class: "window-bar", vars: { "--part": this.part(one, now) } }),
        );
      }),
    );
  }

  part(one, now) {
    const whole = (LASTS[one.action] ?? 172_800) * 1000;
    return one.ends_at_ms ? `${Math.max(0, Math.min(100, (100 * (one.ends_at_ms - now)) / whole))}%` : "100%";
  }

  /** A second has passed. */
  tick() {
    const now = this.store.now();
    const open = this.windows.filter((one) => !one.ends_at_ms || one.ends_at_ms > now);
    if (open.length !== this.open) {
      this.draw();
      return;
    }
    [...this.node.querySelectorAll(".window")].forEach((node, at) => {
      const one = open[at];
      node.querySelector(".window-left").textContent = one.ends_at_ms ? span(one.ends_at_ms - now) : "";
      node.querySelector(".window-bar").style.setProperty("--part", this.part(one, now));
    });
  }
}
