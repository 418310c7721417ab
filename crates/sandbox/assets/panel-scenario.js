// Scenarios: a recording that grows while the phone is used, a file to choose or to write, and how a run goes step by step.

import { button, h, show } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { download, pick } from "./overlay.js";
import { Run } from "./run.js";
import { onChange } from "./settings.js";

const EXAMPLE = `name: hello
users: [小明]
steps:
  - 小明: follow
  - expect: {phone: 小明, type: text, passive: true}
  - 小明: say 你好
  - expect: {push: text, user: 小明, tries: 1, reply_ms: "<5000"}
  - expect: {no_notice: 小明}
`;

/** A name that YAML takes without quotation marks. */
const PLAIN = /^[A-Za-z\u4e00-\u9fff][\w\u4e00-\u9fff]*$/;

export class ScenarioPanel {
  /** `show(openid)` turns the phone to somebody; `said(text)` says a short word. */
  constructor(world, recording, { show: look, said, fail }) {
    Object.assign(this, { world, recording, said, fail });
    this.area = h("textarea", { class: "yaml", spellcheck: "false", autocapitalize: "off", autocomplete: "off", "data-testid": "scenario-text", rows: "14" });
    this.run = new Run(world, { look, place: (line) => this.mark(line), changed: () => this.draw() });
    this.head = h("span", { class: "tools flat" });
    this.live = h("p", { class: "recording", role: "status", "data-testid": "recording" });
    this.tools = h("div", { class: "tools" });
    this.node = h("div", { class: "scenario" }, this.live, this.area, this.tools, this.run.node);
    this.area.addEventListener("input", () => this.draw());
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (file) this.read(file);
    });
    recording.onchange(() => {
      if (recording.file && recording.file !== this.area.value && (recording.on || this.wasOn)) {
        this.area.value = recording.file;
        this.area.scrollTop = this.area.scrollHeight;
      }
      this.wasOn = recording.on;
      this.draw();
    });
    onChange((name) => {
      if (name !== "lang") return;
      this.draw();
      this.run.draw();
    });
    this.draw();
  }

  async read(file) {
    this.area.value = await file.text();
    this.run.clear();
    this.draw();
  }

  async choose() {
    const [file] = await pick(".yaml,.yml,.json");
    if (file) this.read(file);
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.area.value);
    } catch {
      this.area.focus();
      this.area.select();
      document.execCommand("copy");
    }
    this.said(t("copied"));
  }

  /** Writes a step at the end of the file, and whoever acts in it to its people. */
  add(step, who) {
    if (this.recording.on || this.run.running) return;
    let text = this.area.value.trimEnd().replace(/^steps: *\[\]$/m, "steps:");
    const name = who && (PLAIN.test(who.name) ? who.name : JSON.stringify(who.name));
    const person = who?.following ? `{id: ${name}, following: true}` : name;
    if (!/^steps:/m.test(text)) text = `name: bench\nusers: [${person ?? ""}]\nsteps:`;
    else if (name) text = text.replace(/^users: \[(.*)\]$/m, (line, list) => (list.includes(name) ? line : `users: [${list ? `${list}, ` : ""}${person}]`));
    const lines = step.trim().split("\n").map((line) => `  ${line}`);
    this.area.value = `${text}\n${lines.join("\n")}\n`;
    this.draw();
  }

  /** Marks a line of the file. */
  mark(line) {
    const lines = this.area.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    this.area.scrollTop = Math.max(0, (line - 5) * 18);
  }

  draw() {
    const { recording, run } = this;
    const { on } = recording;
    const empty = !this.area.value.trim();
    this.area.setAttribute("aria-label", t("scenario"));
    this.area.placeholder = t("scenario_hint");
    this.area.readOnly = on || run.running;
    this.live.hidden = !on;
    show(this.live, h("i", { class: "rec-dot" }), h("b", null, t("recording")), ` ${t("recorded_steps", { count: recording.steps })} · ${t("recording_hint")}`);
    const tool = (testid, picture, label, onclick, disabled, look = "tool") =>
      button({ class: look, "data-testid": testid, disabled, onclick }, icon(picture, 16), label);
    show(
      this.head,
      tool("scenario-file", "file", t("choose_file"), () => this.choose(), on || run.running, "tool small"),
      tool(
        "scenario-example",
        "list",
        t("example"),
        () => {
          this.area.value = EXAMPLE;
          run.clear();
          this.draw();
        },
        on || run.running,
        "tool small",
      ),
    );
    show(
      this.tools,
      run.running
        ? tool("scenario-cancel", "stop", t("cancel_run"), () => run.cancel(), false)
        : tool("scenario-run", "play", t("run"), () => run.start(this.area.value), on || empty, "tool primary"),
      h("span", { class: "toolbar-gap" }),
      tool("scenario-copy", "copy", t("copy"), () => this.copy(), empty),
      tool("scenario-download", "download", t("download"), () => download("scenario.yaml", this.area.value, "application/yaml"), empty),
    );
  }
}
