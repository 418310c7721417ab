// The right side of the bench: the account, people and what they may be sent, the clock, faults, posters.

import { AccountPanel } from "./panel-account.js";
import { ClockPanel } from "./panel-clock.js";
import { button, h, show } from "./dom.js";
import { FaultPanel } from "./panel-faults.js";
import { t } from "./i18n.js";
import { Meters } from "./meters.js";
import { ask, download, form, pick, toast } from "./overlay.js";
import { posters } from "./scanner.js";
import { onChange } from "./settings.js";
import { newPoster } from "./poster-form.js";
import { newUser, UserList } from "./users.js";

export class StatePanel {
  constructor(world, phone) {
    this.world = world;
    this.phone = phone;
    this.codes = [];
    const fail = (error) => toast(phone.screen, error.message, 4000);
    Object.assign(this, { fail });
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
    this.list = new UserList((openid) => phone.become(openid));
    this.peopleHead = h("div", { class: "panel-head" });
    this.acts = h("div", { class: "tools" });
    this.left = h("h3");
    this.people = h("section", { class: "panel", "aria-label": t("users") }, this.peopleHead, this.list.node, this.left, this.meters.node, this.acts);
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
      store.on("qrcode", () => this.soon());
      for (const name of ["gap", "reset"])
        store.on(name, () => {
          this.stale = true;
          this.soon();
        });
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
    // The stream keeps the list of people up to date, which may be long.
    const stale = this.stale !== false || this.drawnFor !== store;
    this.stale = false;
    this.drawnFor = store;
    const [, codes, person, settings] = await Promise.all([
      stale ? store.loadUsers().catch(() => []) : null,
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
    const values = await form(document.body, {
      title: t("many_people"),
      yes: t("create"),
      desk: true,
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

  async save() {
    const world = await this.store.call("GET", "/_sandbox/snapshot").catch(this.fail);
    if (world) download("world.json", JSON.stringify(world, null, 1), "application/json");
  }

  async restore() {
    const [file] = await pick(".json,application/json");
    if (!file) return;
    try {
      await this.store.call("PUT", "/_sandbox/snapshot", JSON.parse(await file.text()));
      location.assign(location.pathname);
    } catch (error) {
      this.fail(error);
    }
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
    show(
      this.peopleHead,
      h("h2", null, `${t("users")} · ${store.users.length}`),
      h(
        "span",
        { class: "chrome" },
        button({ class: "tool small", "data-testid": "new-person", onclick: () => this.create() }, `+ ${t("new_user")}`),
        button({ class: "tool small", "data-testid": "many-people", onclick: () => this.crowd() }, t("many_people")),
      ),
    );
    this.list.update(store.users, phone.person?.openid);
    this.left.textContent = t("windows");
    show(
      this.acts,
      act("pay", {}),
      act("locate", { latitude: 39.908823, longitude: 116.39747, label: "天安门" }),
      act("report_location", { latitude: 39.908823, longitude: 116.39747, precision: 65 }),
      button({ class: "tool", "data-testid": "menu-renew", disabled: !phone.person?.following, onclick: () => phone.renewMenu() }, t("menu_renew")),
    );
    show(
      this.wall,
      h(
        "div",
        { class: "panel-head" },
        h("h2", null, t("posters")),
        button({ class: "tool small", "data-testid": "new-poster", onclick: () => newPoster(store, this.fail) }, `+ ${t("new_poster")}`),
      ),
      posters(store, this.codes, (code) =>
        code.expired ? toast(phone.screen, t("code_expired")) : phone.scan(code.ticket, code.scene),
      ),
    );
    show(
      this.whole,
      h("div", { class: "panel-head" }, h("h2", null, t("world"))),
      h(
        "div",
        { class: "tools" },
        button({ class: "tool", "data-testid": "world-save", onclick: () => this.save() }, t("world_save")),
        button({ class: "tool", "data-testid": "world-load", onclick: () => this.restore() }, t("world_load")),
        button({ class: "tool danger", "data-testid": "reset", onclick: () => this.reset() }, t("reset")),
      ),
    );
  }
}
