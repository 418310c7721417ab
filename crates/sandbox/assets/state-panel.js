// What the sandbox knows and may be told: people and their windows, the clock, the posters on the wall.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { ask, toast } from "./overlay.js";
import { posters } from "./scanner.js";
import { onChange } from "./settings.js";
import { full, span } from "./time.js";
import { newUser, userRows } from "./users.js";

const JUMPS = [
  ["+1 min", 60],
  ["+5 min", 300],
  ["+2 h", 7200],
  ["+1 d", 86_400],
  ["+48 h", 172_800],
  ["+30 d", 2_592_000],
];

export class StatePanel {
  constructor(store, phone) {
    this.store = store;
    this.phone = phone;
    this.codes = [];
    this.node = h("div", { class: "panels" });
    this.clock = h("output", { class: "clock", "data-testid": "clock" });
    for (const name of ["user", "message", "exchange"]) store.on(name, () => this.soon());
    for (const name of ["qrcode", "gap", "reset", "clock"]) store.on(name, () => this.load());
    onChange((name) => {
      if (name === "lang") this.draw();
    });
    setInterval(() => this.tick(), 1000);
    this.draw();
  }

  /** Many events come together; one look afterwards is enough. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 250);
  }

  async load() {
    const openid = this.phone.person?.openid;
    const [, codes, person] = await Promise.all([
      this.store.loadUsers().catch(() => []),
      this.store.qrcodes().catch(() => []),
      openid ? this.store.user(openid).catch(() => null) : null,
    ]);
    this.codes = codes;
    this.person = person;
    this.draw();
  }

  tick() {
    this.clock.textContent = full(this.store.now());
  }

  async advance(seconds) {
    try {
      this.store.setClock(await this.store.call("POST", "clock/advance", { seconds }));
      await this.store.loadClock();
    } catch (error) {
      toast(this.phone.screen, error.message);
    }
    this.tick();
    this.phone.tick();
    this.load();
  }

  windows() {
    const now = this.store.now();
    const all = this.person?.openid === this.phone.person?.openid ? (this.person?.windows ?? []) : [];
    if (!all.length) return h("p", { class: "panel-empty" }, t("no_windows"));
    return h(
      "div",
      { class: "windows", "data-testid": "windows" },
      all.map((one) =>
        h(
          "div",
          { class: "window" },
          h("span", null, one.action),
          h("b", null, one.left === null || one.left === undefined ? t("unlimited") : `×${one.left}`),
          h("span", { class: "window-left" }, one.ends_at_ms ? span(one.ends_at_ms - now) : ""),
        ),
      ),
    );
  }

  draw() {
    const { store, phone } = this;
    const create = async () => {
      const openid = await newUser(phone.screen, store);
      if (openid) {
        await phone.become(openid);
        this.load();
      }
    };
    const reset = async () => {
      if (!(await ask(phone.screen, { text: t("reset_ask"), yes: t("reset"), danger: true }))) return;
      await store.call("POST", "reset", {}).catch((error) => toast(phone.screen, error.message));
      location.assign(location.pathname);
    };
    const act = (verb, body) => button({ class: "tool", onclick: () => phone.perform(verb, body) }, t(verb));
    show(
      this.node,
      h(
        "section",
        { class: "panel" },
        h(
          "div",
          { class: "panel-head" },
          h("h2", null, t("users")),
          button({ class: "tool", onclick: create }, `+ ${t("new_user")}`),
        ),
        userRows(store.users, phone.person?.openid, (openid) => phone.become(openid)),
        h("h3", null, t("windows")),
        this.windows(),
        h(
          "div",
          { class: "tools" },
          act("pay", {}),
          act("locate", { latitude: 39.908823, longitude: 116.39747, label: "天安门" }),
        ),
      ),
      h(
        "section",
        { class: "panel" },
        h("div", { class: "panel-head" }, h("h2", null, t("clock")), this.clock),
        h(
          "div",
          { class: "tools" },
          JUMPS.map(([name, seconds]) =>
            button({ class: "tool", "data-seconds": seconds, onclick: () => this.advance(seconds) }, name),
          ),
        ),
      ),
      h(
        "section",
        { class: "panel" },
        h("div", { class: "panel-head" }, h("h2", null, t("posters"))),
        posters(this.codes, store.now(), (code) =>
          code.expired ? toast(phone.screen, t("code_expired")) : phone.scan(code.ticket, code.scene),
        ),
      ),
      h(
        "section",
        { class: "panel" },
        h("div", { class: "tools" }, button({ class: "tool danger", onclick: reset }, t("reset"))),
      ),
    );
    this.tick();
  }
}
