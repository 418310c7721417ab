// One run of a scenario: the steps as they end, what the failing one expected and got, and whose chats it left behind.

import { button, h, show } from "./dom.js";
import { personAvatar } from "./icons.js";
import { t } from "./i18n.js";
import { get } from "./settings.js";

const MARKS = { ok: "✓", failed: "✗", skipped: "–" };

export class Run {
  /** `look(openid)` shows somebody's phone, `place(line)` the line of a step, `changed()` is told of begin and end. */
  constructor(world, { look, place, changed }) {
    Object.assign(this, { store: world.stores[0], look, place, changed, running: false });
    this.node = h("div", { class: "run", "aria-live": "polite" });
    this.clear();
    world.stream.on("event", ({ name, data }) => {
      if (name !== "scenario" || !this.running) return;
      if (data.state === "began") this.total = data.steps;
      if (data.state === "step") this.steps.push(data.step);
      this.draw();
    });
  }

  clear() {
    Object.assign(this, { steps: [], total: 0, report: null, refused: null });
    this.draw();
  }

  async start(text) {
    this.clear();
    this.running = true;
    this.hangUp = new AbortController();
    this.draw();
    this.changed();
    try {
      this.report = await this.store.call("POST", "/_sandbox/scenario", new Blob([text], { type: "application/yaml" }), this.hangUp.signal);
      this.steps = this.report.steps;
    } catch (error) {
      this.refused = this.hangUp.signal.aborted ? t("run_cancelled") : error.message;
    }
    this.running = false;
    this.draw();
    this.changed();
    this.node.querySelector(".run-end, .run-refused")?.scrollIntoView({ block: "nearest" });
  }

  cancel() {
    this.hangUp?.abort();
  }

  step(one) {
    const words = (both) => both?.[get("lang") === "zh" ? "zh" : "en"] ?? "";
    const line = [
      h("i", { class: "step-mark", "aria-label": t(`step_${one.outcome}`), role: "img" }, MARKS[one.outcome] ?? "?"),
      h("span", { class: "step-line" }, one.line || ""),
      h("span", { class: "step-text" }, one.line ? one.step : t("step_begin")),
      h("span", { class: "took" }, one.outcome === "skipped" ? "" : `${one.took_ms} ms`),
    ];
    return h(
      "li",
      { class: `step ${one.outcome === "failed" ? "broke" : one.outcome}`, "data-testid": "step", "data-outcome": one.outcome, "data-line": one.line },
      button({ class: "step-row", title: t("go_to_line", { line: one.line }), disabled: !one.line, onclick: () => this.place(one.line) }, line),
      one.outcome === "failed" &&
        h(
          "dl",
          { class: "step-why" },
          h("dt", null, t("expected")),
          h("dd", { "data-testid": "expected" }, words(one.expected)),
          h("dt", null, t("got")),
          h("dd", { "data-testid": "got" }, words(one.got)),
        ),
    );
  }

  draw() {
    const { steps, report, refused, running } = this;
    const done = steps.filter((one) => one.line > 0).length;
    const failed = steps.find((one) => one.outcome === "failed");
    show(
      this.node,
      running && h("progress", { class: "run-bar", max: this.total || 1, value: done, "aria-label": t("run_going", { done, total: this.total }) }),
      running && h("p", { class: "run-word", "data-testid": "run-going" }, t("run_going", { done, total: this.total || "…" })),
      refused && h("pre", { class: "run-refused", role: "alert", tabindex: "0", "data-testid": "scenario-refused" }, refused),
      report &&
        h(
          "p",
          { class: report.passed ? "run-end passed" : "run-end broken", "data-testid": "scenario-end", "data-passed": String(report.passed) },
          h("b", null, report.passed ? t("run_passed") : t("run_failed", { line: failed?.line ?? 0 })),
          h("span", null, t("run_facts", { ok: report.ok, steps: report.steps.length, ms: report.took_ms })),
        ),
      (report?.people ?? []).length > 0 &&
        h(
          "p",
          { class: "tools" },
          report.people.map((one) =>
            button({ class: "tool small", "data-testid": "scenario-person", "data-openid": one.openid, onclick: () => this.look(one.openid) }, personAvatar(one.openid, 18), t("phone_of", { name: one.id })),
          ),
        ),
      steps.length > 0 && h("ol", { class: "steps", "data-testid": "steps" }, steps.map((one) => this.step(one))),
    );
  }
}
