// The sandbox's clock: what it shows, how it runs, and jumps to just before or just after what matters.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { full } from "./time.js";

const MARKS = [
  ["60 s", 60],
  ["5 min", 300],
  ["2 h", 7200],
  ["48 h", 172_800],
  ["72 h", 259_200],
  ["30 d", 2_592_000],
];
const PACES = [60, 3600];

export class ClockPanel {
  /** `fail(error)` shows a refusal, `moved()` is told of every change. */
  constructor(store, { fail, moved }) {
    Object.assign(this, { store, fail, moved });
    this.face = h("output", { class: "clock", "data-testid": "clock" });
    this.fired = h("p", { class: "fired", role: "status" });
    this.node = h("section", { class: "panel", "aria-label": t("clock") });
    this.draw();
  }

  async change(path, body) {
    try {
      const clock = await this.store.call("POST", `/_sandbox/clock/${path}`, body ?? {});
      this.store.setClock(clock);
      const fired = clock.fired ?? [];
      this.fired.textContent = fired.length ? t("fell_due", { list: fired.map((one) => one.what ?? one.kind ?? JSON.stringify(one)).slice(0, 4).join("; "), count: fired.length }) : "";
    } catch (error) {
      this.fail(error);
    }
    this.draw();
    this.moved();
  }

  advance(seconds) {
    return this.change("advance", { seconds });
  }

  draw() {
    const { world } = this.store;
    const running = world.frozen === null && world.scale === 1;
    const jump = (label, seconds, testid, title) =>
      button({ class: "tool", "data-seconds": seconds, "data-testid": testid, title, "aria-label": `${label}: ${title}`, onclick: () => this.advance(seconds) }, label);
    show(
      this.node,
      h("div", { class: "panel-head" }, h("h2", null, t("clock")), this.face),
      h(
        "div",
        { class: "jumps" },
        MARKS.map(([name, seconds]) =>
          h(
            "div",
            { class: "jump" },
            jump("−1 s", seconds - 1, "jump-before", t("just_before", { span: name })),
            jump(`+${name}`, seconds, "jump", t("exactly", { span: name })),
            jump("+1 s", seconds + 1, "jump-after", t("just_after", { span: name })),
          ),
        ),
      ),
      h(
        "div",
        { class: "tools" },
        button({ class: running ? "tool on" : "tool", "data-testid": "clock-resume", "aria-pressed": String(running), onclick: () => this.change("resume") }, t("clock_real")),
        button(
          { class: world.frozen === null ? "tool" : "tool on", "data-testid": "clock-freeze", "aria-pressed": String(world.frozen !== null), onclick: () => this.change("freeze") },
          t("clock_freeze"),
        ),
        PACES.map((factor) => {
          const on = world.frozen === null && world.scale === factor;
          return button({ class: on ? "tool on" : "tool", "aria-pressed": String(on), onclick: () => this.change("scale", { factor }) }, `×${factor}`);
        }),
      ),
      this.fired,
    );
    this.tick();
  }

  tick() {
    this.face.textContent = full(this.store.now());
  }
}
