// The live list of exchanges: newest first, a line each, everything else behind it.

import { arrange, button, h, show } from "./dom.js";
import { findings, outcome, raw, tries } from "./exchange.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { brief } from "./ledger.js";
import { onChange } from "./settings.js";
import { clockFace } from "./time.js";

const KEPT = 300;
const FILTERS = {
  all: () => true,
  pushes: (one) => one.direction === "push",
  calls: (one) => one.direction === "api",
  failures: (one) => one.outcome === "failed" || (one.findings ?? []).length > 0,
};

export class ExchangeList {
  /** `onstep(exchange, name)` takes an exchange along as a step of a scenario. */
  constructor(world, { onstep }) {
    Object.assign(this, { world, onstep });
    this.all = new Map();
    this.opened = new Set();
    this.filter = "all";
    this.nodes = new Map();
    this.head = h("div", { class: "filters", role: "group" });
    this.rows = h("div", { class: "exchange-rows", "data-testid": "exchanges" });
    this.empty = h("p", { class: "panel-empty" });
    this.node = h("div", { class: "exchange-list" }, this.empty, this.rows);
    for (const store of world.stores) {
      store.on("exchange", (data) => {
        if (data.exchange ?? data.id) this.take([data.exchange ?? data]);
      });
      store.on("gap", () => this.load());
    }
    world.stores[0].on("reset", () => {
      this.all.clear();
      this.load();
    });
    onChange((name) => {
      if (name !== "lang") return;
      this.nodes.clear();
      this.draw();
    });
    this.draw();
  }

  async load() {
    for (const store of this.world.stores) {
      if (!store.users.length) await store.loadUsers().catch(() => []);
      this.take(await store.exchanges(`?limit=${KEPT}`).catch(() => []));
    }
  }

  take(exchanges) {
    for (const one of exchanges.slice(-KEPT)) this.all.set(String(one.id), one);
    while (this.all.size > KEPT) this.all.delete(this.all.keys().next().value);
    // Under load a hundred exchanges end between two frames.
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  nickname(openid) {
    for (const store of this.world.stores) {
      const found = store.nickname(openid);
      if (found) return found;
    }
    return openid ?? "";
  }

  draw() {
    this.head.setAttribute("aria-label", t("filter"));
    show(
      this.head,
      Object.keys(FILTERS).map((name) =>
        button(
          {
            class: name === this.filter ? "filter on" : "filter",
            "data-testid": `show-${name}`,
            "aria-pressed": String(name === this.filter),
            onclick: () => {
              this.filter = name;
              this.draw();
            },
          },
          t(name),
        ),
      ),
    );
    const shown = [...this.all.values()].filter(FILTERS[this.filter]).reverse();
    this.empty.textContent = t("no_exchanges");
    this.empty.hidden = shown.length > 0;
    const kept = new Map();
    for (const one of shown) kept.set(String(one.id), this.nodeOf(one));
    this.nodes = kept;
    arrange(this.rows, [...kept.values()]);
  }

  /** The line of an exchange; what has not changed since it was drawn stays as it is, opened or not. */
  nodeOf(one) {
    const known = this.nodes.get(String(one.id));
    const stamp = `${one.outcome} ${(one.tries ?? []).length} ${(one.findings ?? []).length} ${this.nickname(one.user)}`;
    if (known?.stamp === stamp) return known;
    const node = this.row(one);
    node.stamp = stamp;
    return node;
  }

  row(one) {
    const id = String(one.id),
      first = one.tries?.[0];
    const at = one.at_ms ?? first?.at_ms;
    const total = (one.tries ?? []).reduce((sum, each) => sum + (each.took_ms ?? 0), 0);
    const body = h("div", { class: "exchange-body" });
    const fill = () =>
      show(
        body,
        (one.findings ?? []).length > 0 && h("ul", { class: "findings" }, findings(one)),
        (one.tries ?? []).length > 0 && h("p", { class: "tries" }, `${t("tries")}  ${tries(one)}`),
        h(
          "p",
          { class: "tools" },
          h("a", { class: "tool small", href: `/inspect/${id}`, "data-testid": "inspect" }, icon("search", 14), t("look_closer")),
          button({ class: "tool small", "data-testid": "add-step", onclick: () => this.onstep(one, this.nickname(one.user)) }, icon("plus", 14), t("add_step")),
        ),
        h("h3", null, t("request")),
        h("pre", { tabindex: "0", role: "group", "aria-label": t("request") }, raw(one.request)),
        h("h3", null, t("reply")),
        h("pre", { tabindex: "0", role: "group", "aria-label": t("reply") }, raw(one.reply) || "–"),
      );
    const node = h(
      "details",
      {
        class: `exchange ${one.direction}`,
        "data-testid": "exchange",
        "data-kind": one.kind,
        "data-outcome": one.outcome,
        "data-id": id,
        open: this.opened.has(id),
      },
      h(
        "summary",
        null,
        h("span", { class: "arrow", role: "img", "aria-label": t(one.direction === "push" ? "way_push" : "way_api") }, one.direction === "push" ? "→" : "←"),
        h("span", { class: "at" }, at ? clockFace(at) : ""),
        h("span", { class: "what" }, h("span", { class: "kind" }, one.kind), h("span", { class: "brief" }, one.brief ?? brief(one))),
        h("span", { class: "by" }, this.nickname(one.user)),
        h(
          "span",
          { class: "took" },
          first ? `${total} ms${one.tries.length > 1 ? ` ×${one.tries.length}` : ""}` : "",
        ),
        outcome(one),
      ),
      body,
    );
    if (node.open) fill();
    node.addEventListener("toggle", () => {
      if (!node.open) {
        this.opened.delete(id);
        return;
      }
      this.opened.add(id);
      fill();
    });
    return node;
  }
}
