// The right side of the bench: the account, people and what they may be sent, the clock, faults, posters.

import { AccountPanel } from "./panel-account.js";
import { ClockPanel } from "./panel-clock.js";
import { button, h, show } from "./dom.js";
import { FaultPanel } from "./panel-faults.js";
import { t } from "./i18n.js";
import { Meters } from "./meters.js";
import { ask, form, toast } from "./overlay.js";
import { posters } from "./scanner.js";
import { onChange } from "./settings.js";
import { newUser, userRows } from "./users.js";

const MOST_ROWS = 60;

export class StatePanel {
  constructor(world, phone) {
    this.world = world;
    this.phone = phone;
    this.codes = [];
    const fail = (error) => toast(phone.screen, error.message, 4000);
    const said = (text) => {
      toast(phone.screen, `✓ ${text}`);
      this.soon();
    };
    this.account = new AccountPanel(world, phone.store, { fail, said, choose: (store) => this.choose(store) });
    this.clock = new ClockPanel(phone.store, {
      fail,
      moved: () => {
        phone.tick();
        this.load();
      },
    });
    this.faults = new FaultPanel(phone.store, { fail });
    this.meters = new Meters(phone.store);
    this.people = h("section", { class: "panel", "aria-label": t("users") });
    this.wall = h("section", { class: "panel", "aria-label": t("posters") });
    this.whole = h("section", { class: "panel" });
    this.node = h(
      "div",
      { class: "panels" },
      this.people,
      this.clock.node,
      this.account.node,
      this.faults.node,
      this.wall,
      this.whole,
    );
    for (const store of world.stores) {
      for (const name of ["user", "message", "exchange"]) store.on(name, () => this.soon());
      for (const name of ["qrcode", "gap", "reset"]) store.on(name, () => this.soon());
    }
    world.stores[0].on("clock", () => {
      this.clock.draw();
      this.soon();
    });
    onChange((name) => {
      if (name === "lang") this.redraw();
    });
    setInterval(() => {
      this.clock.tick();
      this.meters.tick();
    }, 1000);
    this.redraw();
  }

  get store() {
    return this.phone.store;
  }

  /** Many events come together; one look afterwards is enough. */
  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.load();
    }, 250);
  }

  async choose(store) {
    const openid = await this.world.twin(this.phone.person.openid, this.store, store);
    if (openid) await this.phone.openAccount({ store, openid }, "chat");
    this.load();
  }

  async load() {
    const { store, phone } = this;
    const openid = phone.person?.openid;
    const [, codes, person, settings] = await Promise.all([
      store.loadUsers().catch(() => []),
      store.qrcodes().catch(() => []),
      openid ? store.user(openid).catch(() => null) : null,
      store.call("GET", "/_sandbox/settings").catch(() => null),
    ]);
    this.codes = codes;
    this.meters.learn(settings);
    this.meters.load(person && person.openid === phone.person?.openid ? person.windows : []);
    if (this.account.store !== store) this.account.use(store);
    else this.account.load();
    this.faults.load();
    this.draw();
  }

  redraw() {
    this.clock.draw();
    this.faults.draw();
    this.account.draw();
    this.meters.draw();
    this.draw();
  }

  async create() {
    const { store, phone } = this;
    const openid = await newUser(phone.screen, store);
    if (openid) await phone.become(openid);
    this.load();
  }

  /** Many people at once: by one call where the sandbox can, else one after the other. */
  async crowd() {
    const { store, phone } = this;
    const values = await form(phone.screen, {
      title: t("many_people"),
      yes: t("create"),
      fields: [{ name: "count", label: t("how_many"), value: "100", type: "number", required: true }],
      check: ({ count }) => (Number(count) >= 1 && Number(count) <= 100_000 ? null : "1–100000"),
    });
    if (!values) return;
    const count = Math.floor(Number(values.count));
    try {
      const before = (await store.loadUsers()).length;
      await store.call("POST", "users", { count });
      const made = (await store.loadUsers()).length - before;
      for (let n = made; n < Math.min(count, 500); n += 1) await store.call("POST", "users", {});
      toast(phone.screen, `✓ ${t("users")}: ${(await store.loadUsers()).length}`);
    } catch (error) {
      toast(phone.screen, error.message, 4000);
    }
    this.load();
  }

  async reset() {
    const { store, phone } = this;
    if (!(await ask(phone.screen, { text: t("reset_ask"), yes: t("reset"), danger: true }))) return;
    await store.call("POST", "/_sandbox/reset", {}).catch((error) => toast(phone.screen, error.message));
    location.assign(location.pathname);
  }

  draw() {
    const { store, phone } = this;
    const act = (verb, body, needs = true) =>
      button({ class: "tool", "data-testid": `act-${verb}`, disabled: needs && !phone.person?.following, onclick: () => phone.perform(verb, body) }, t(verb));
    const current = phone.person?.openid;
    const shown = store.users.slice(0, MOST_ROWS);
    const own = store.users.find((one) => one.openid === current);
    if (own && !shown.includes(own)) shown.unshift(own);
    show(
      this.people,
      h(
        "div",
        { class: "panel-head" },
        h("h2", null, `${t("users")} · ${store.users.length}`),
        h(
          "span",
          { class: "chrome" },
          button({ class: "tool small", "data-testid": "new-person", onclick: () => this.create() }, `+ ${t("new_user")}`),
          button({ class: "tool small", "data-testid": "many-people", onclick: () => this.crowd() }, t("many_people")),
        ),
      ),
      userRows(shown, current, (openid) => phone.become(openid)),
      store.users.length > shown.length && h("p", { class: "panel-empty" }, t("and_more", { count: store.users.length - shown.length })),
      h("h3", null, t("windows")),
      this.meters.node,
      h(
        "div",
        { class: "tools" },
        act("pay", {}),
        act("locate", { latitude: 39.908823, longitude: 116.39747, label: "天安门" }),
        button({ class: "tool", "data-testid": "menu-renew", disabled: !phone.person?.following, onclick: () => phone.renewMenu() }, t("menu_renew")),
      ),
    );
    show(
      this.wall,
      h("div", { class: "panel-head" }, h("h2", null, t("posters"))),
      posters(this.codes, store.now(), (code) =>
        code.expired ? toast(phone.screen, t("code_expired")) : phone.scan(code.ticket, code.scene),
      ),
    );
    show(
      this.whole,
      h("div", { class: "tools" }, button({ class: "tool danger", "data-testid": "reset", onclick: () => this.reset() }, t("reset"))),
    );
  }
}
