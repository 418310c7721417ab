// Faults: what may go wrong, each one press away, and the list of those in force.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { list } from "./store.js";

const SEND = "message/custom/send";
const push = (does, times = 1) => ({ on: { direction: "push" }, do: does, times });
const api = (does, endpoint, times = 1) => ({ on: { direction: "api", ...(endpoint && { endpoint }) }, do: does, times });

const PRESETS = {
  push: [
    ["drop", push({ drop: true })],
    ["timeout", push({ drop: true }, 3)],
    ["duplicate", push({ duplicate: 1 })],
    ["late_duplicate", push({ duplicate: 1, after_ms: 1000 })],
    ["delay", push({ delay_ms: 3000 })],
    ["reorder", push({ reorder: true })],
    ["bad_signature", push({ bad_signature: true })],
    ["wrong_token", push({ wrong_token: true })],
    ["wrong_app_id", push({ wrong_app_id: true })],
    ["bad_padding", push({ bad_padding: true })],
    ["stale", push({ stale_s: 3600 })],
    ["replay", push({ replay_nonce: true })],
    ["truncate", push({ truncate: 40 })],
  ],
  api: [
    ["-1", api({ errcode: -1 })],
    ["40001", api({ errcode: 40001 })],
    ["42001", api({ errcode: 42001 })],
    ["40164", api({ errcode: 40164 })],
    ["45009", api({ errcode: 45009 })],
    ["45011", api({ errcode: 45011 })],
    ["45015", api({ errcode: 45015 }, SEND)],
    ["45047", api({ errcode: 45047 }, SEND)],
    ["48001", api({ errcode: 48001 })],
    ["43004", api({ errcode: 43004 }, SEND)],
    ["delay", api({ delay_ms: 3000 })],
    ["502", api({ status: 502 })],
    ["hang", api({ hang: true })],
    ["reset", api({ reset: true })],
    ["html", api({ html: true })],
    ["truncate", api({ truncate: 20 })],
  ],
};

/** What a fault does, in a few words. */
export const deed = (does) =>
  Object.entries(does ?? {})
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(", ");

/** A fault in a few words. */
export function words(fault) {
  const on = [fault.on?.direction === "api" ? "←" : "→", fault.on?.endpoint, fault.on?.event, fault.on?.user, fault.on?.nth && `#${fault.on.nth}`];
  return `${on.filter(Boolean).join(" ")} ${deed(fault.do)}${fault.times ? ` ×${fault.times}` : ""}`;
}

export class FaultPanel {
  constructor(store, { fail }) {
    Object.assign(this, { store, fail });
    this.faults = [];
    this.forever = false;
    this.node = h("section", { class: "panel", "aria-label": t("faults") });
    store.on("gap", () => this.load());
    store.on("reset", () => this.load());
    this.draw();
  }

  async load() {
    this.faults = list(await this.store.call("GET", "/_sandbox/faults").catch(() => []), "faults");
    this.draw();
  }

  async set(faults) {
    try {
      await this.store.call("PUT", "/_sandbox/faults", faults.map(bare));
    } catch (error) {
      this.fail(error);
    }
    this.load();
  }

  add(fault) {
    const one = structuredClone(fault);
    if (this.forever) delete one.times;
    this.set([...this.faults, one]);
  }

  draw() {
    const group = (side) =>
      h(
        "div",
        { class: "tools", role: "group", "aria-label": t(side === "push" ? "pushes" : "calls") },
        PRESETS[side].map(([name, fault]) =>
          button({ class: "tool small", "data-testid": `fault-${side}-${name}`, onclick: () => this.add(fault) }, /^-?\d/.test(name) ? name : t(`fault_${name}`)),
        ),
      );
    const box = h("input", { type: "checkbox", onchange: (event) => (this.forever = event.target.checked) });
    box.checked = this.forever;
    show(
      this.node,
      h(
        "div",
        { class: "panel-head" },
        h("h2", null, t("faults")),
        h("label", { class: "check" }, box, t("fault_forever")),
        this.faults.length > 0 && button({ class: "tool small", "data-testid": "faults-clear", onclick: () => this.set([]) }, t("clear")),
      ),
      this.faults.length > 0 &&
        h(
          "ul",
          { class: "fault-list", "data-testid": "faults" },
          this.faults.map((one, at) =>
            h(
              "li",
              null,
              h("code", null, words(one)),
              Number.isFinite(one.struck) && h("span", { class: "struck" }, t("struck", { count: one.struck })),
              button({ class: "tool small", "aria-label": `${t("remove")} ${words(one)}`, onclick: () => this.set(this.faults.filter((_, other) => other !== at)) }, "×"),
            ),
          ),
        ),
      h("h3", null, `→ ${t("pushes")}`),
      group("push"),
      h("h3", null, `← ${t("calls")}`),
      group("api"),
    );
  }
}

/** A fault as it is set: what it counted stays behind. */
const bare = ({ on, do: does, times, probability, seed }) => ({
  on,
  do: does,
  ...(times !== undefined && { times }),
  ...(probability !== undefined && { probability }),
  ...(seed !== undefined && { seed }),
});
