// The inspector's list: the filter above, the lines below, newest first.

import { button, h, show } from "./dom.js";
import { outcome } from "./exchange.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { Ledger } from "./ledger.js";
import { Rows } from "./rows.js";
import { full } from "./time.js";

const FIELDS = ["text", "direction", "outcome", "kind", "errcode", "user"];
const PAGE = 2000;

export class InspectList {
  /** `onopen(id)` is told of a line that is pressed; `onfilter(wanted)` of a filter that is set. */
  constructor(stores, { onopen, onfilter, wanted = {} }) {
    Object.assign(this, { stores, onopen, onfilter });
    this.ledger = new Ledger();
    this.people = new Map();
    this.selected = null;
    this.inputs = {};
    this.head = h("div", { class: "inspect-head" });
    this.empty = h("p", { class: "panel-empty" });
    this.rows = new Rows({ ledger: this.ledger, draw: (row) => this.line(row), height: 36, label: t("exchanges"), empty: this.empty });
    this.count = h("output", { class: "inspect-count", "data-testid": "count" });
    this.node = h("div", { class: "inspect-list" }, this.head, this.empty, this.rows.node);
    this.rows.node.addEventListener("keydown", (event) => this.keys(event));
    this.build(wanted);
    this.ledger.filter(wanted);
    for (const store of stores) {
      store.on("exchange", (data) => {
        const one = data.exchange ?? data;
        if (one.id) this.take(store, [one]);
      });
      store.on("gap", () => this.catchUp(store));
    }
    stores[0]?.on("reset", () => {
      this.ledger.clear();
      this.rows.renew();
      this.tell();
    });
  }

  /** Fetches what the sandbox still has: the newest first, then page by page what is older. */
  async load() {
    await Promise.all(this.stores.map((store) => this.loadFrom(store).catch(() => {})));
    this.choices();
    this.tell();
  }

  async loadFrom(store) {
    for (const one of await store.loadUsers().catch(() => [])) this.people.set(one.openid, one.nickname);
    let page = await store.exchanges(`?limit=${PAGE}`);
    this.take(store, page);
    while (page.length === PAGE) {
      page = await store.exchanges(`?limit=${PAGE}&before=${page[0].id}`);
      this.ledger.takeOlder(page, (openid) => this.people.get(openid) ?? "");
      this.rows.ask();
      this.tell();
    }
  }

  /** The line was down: what was missed follows, and a sandbox that was started anew begins anew here. */
  async catchUp(store) {
    const last = this.ledger.rows.findLast((row) => row.app_id === store.app_id);
    if (!last) return this.load();
    const [newest] = await store.exchanges("?limit=1").catch(() => [last]);
    if (newest && newest.id < last.id - 1000) return this.restart();
    const page = await store.exchanges(`?after=${last.id}`).catch(() => []);
    if (page.length && page[0].id < last.id - 1000) return this.restart();
    this.take(store, page);
    return null;
  }

  restart() {
    this.ledger.clear();
    this.rows.renew();
    return this.load();
  }

  take(store, exchanges) {
    const before = this.ledger.shown.length;
    this.ledger.take(exchanges, (openid) => this.people.get(openid) ?? "");
    const grown = this.ledger.shown.length - before;
    if (grown > 0) this.rows.grew(grown);
    else this.rows.ask();
    this.tell();
    if (exchanges.some((one) => one.user && !this.people.has(one.user))) this.meet(store);
  }

  /** Somebody new has appeared: their name belongs into the list. */
  meet(store) {
    clearTimeout(this.meeting);
    this.meeting = setTimeout(async () => {
      for (const one of await store.loadUsers().catch(() => [])) this.people.set(one.openid, one.nickname);
      this.choices();
      this.rows.renew();
    }, 200);
  }

  build(wanted) {
    const field = (name, node) => {
      this.inputs[name] = node;
      node.setAttribute("aria-label", t(`filter_${name}`));
      node.dataset.testid = `filter-${name}`;
      node.addEventListener("input", () => this.apply());
      return node;
    };
    const choice = (name, options) => {
      const node = field(name, h("select", null, options.map(([value, text]) => h("option", { value }, text))));
      node.value = wanted[name] ?? "";
      return node;
    };
    const text = (name, type = "search") =>
      field(name, h("input", { type, value: wanted[name] ?? "", placeholder: t(`filter_${name}`), autocomplete: "off", spellcheck: "false" }));
    show(
      this.head,
      h("div", { class: "inspect-search" }, text("text"), this.count),
      h(
        "div",
        { class: "inspect-filters", role: "group", "aria-label": t("filter") },
        choice("direction", [["", t("both_ways")], ["push", t("pushes")], ["api", t("calls")]]),
        choice("outcome", [
          ["", t("any_outcome")],
          ["problem", t("out_problem")],
          ...["replied", "silent", "failed", "none"].map((one) => [one, t(`out_${one}`)]),
        ]),
        choice("user", [["", t("anybody")]]),
        text("kind"),
        text("errcode"),
        button(
          {
            class: "tool",
            "data-testid": "filter-clear",
            onclick: () => {
              for (const name of FIELDS) this.inputs[name].value = "";
              this.apply();
            },
          },
          t("clear"),
        ),
      ),
    );
    this.wantedUser = wanted.user;
    this.empty.textContent = t("no_exchanges");
    this.tell();
  }

  /** The people in the list of people. */
  choices() {
    const node = this.inputs.user,
      chosen = node.value || this.wantedUser || "";
    show(
      node,
      h("option", { value: "" }, t("anybody")),
      [...this.people].slice(0, 2000).map(([openid, nickname]) => h("option", { value: openid }, nickname)),
    );
    if (chosen && !this.people.has(chosen)) node.append(h("option", { value: chosen }, chosen));
    node.value = chosen;
  }

  apply() {
    this.wantedUser = this.inputs.user.value;
    const wanted = Object.fromEntries(FIELDS.map((name) => [name, this.inputs[name].value.trim()]).filter(([, value]) => value));
    this.ledger.filter(wanted);
    this.rows.node.scrollTop = 0;
    this.rows.paint();
    this.tell();
    this.onfilter(wanted);
  }

  redraw() {
    const wanted = this.ledger.wanted ?? {};
    this.build(wanted);
    this.choices();
    this.rows.renew();
  }

  tell() {
    const { shown, rows } = this.ledger;
    this.count.textContent = shown.length === rows.length ? String(rows.length) : `${shown.length} / ${rows.length}`;
  }

  line(row) {
    const first = row.codes.split(" ")[0];
    return h(
      "div",
      { class: "line-item", role: "listitem" },
      h(
        "a",
        {
          class: `line ${row.direction}${row.id === this.selected ? " on" : ""}`,
          href: `/inspect/${row.id}`,
          "aria-current": row.id === this.selected ? "true" : null,
          "data-testid": "exchange",
          "data-id": row.id,
          "data-kind": row.kind,
          "data-outcome": row.outcome,
          onclick: (event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
            event.preventDefault();
            this.onopen(row.id);
          },
        },
        h("span", { class: "arrow", "aria-label": t(row.direction === "push" ? "way_push" : "way_api"), role: "img" }, row.direction === "push" ? "→" : "←"),
        h("span", { class: "at" }, row.at ? full(row.at).slice(11) : ""),
        h("span", { class: "kind" }, row.kind),
        h("span", { class: "brief" }, row.brief),
        h("span", { class: "by" }, this.people.get(row.user) ?? row.user),
        h("span", { class: "took" }, row.took === null ? "" : `${row.took} ms${row.tries > 1 ? ` ×${row.tries}` : ""}`),
        outcome({ direction: row.direction, outcome: row.outcome, findings: first ? [{ code: first }] : [] }),
      ),
    );
  }

  /** Marks the line of the exchange that is open. */
  select(id) {
    this.selected = id;
    this.rows.renew();
    const place = this.ledger.place(id);
    if (place >= 0) this.rows.reveal(place);
  }

  keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.ledger.place(this.selected);
    const place = Math.min(this.ledger.shown.length - 1, Math.max(0, at < 0 ? 0 : at + step));
    const row = this.ledger.at(place);
    if (!row) return;
    this.onopen(row.id);
    this.rows.node.querySelector(`a[data-id="${row.id}"]`)?.focus({ preventScroll: true });
  }
}

/** The mark of a part that is not there yet. */
export const nothing = (text) => h("div", { class: "nothing" }, icon("list", 40), h("p", null, text));
