// The live list of exchanges: newest first, a line each, everything else behind it.

import { button, h, show } from "./dom.js";
import { findings, outcome, raw, tries } from "./exchange.js";
import { t } from "./i18n.js";
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
  constructor(world) {
    this.world = world;
    this.all = new Map();
    this.opened = new Set();
    this.filter = "all";
    this.head = h("div", { class: "panel-head" });
    this.rows = h("div", { class: "exchange-rows", "data-testid": "exchanges" });
    this.node = h("div", { class: "panel" }, this.head, this.rows);
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
      if (name === "lang") this.draw();
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
      const found = store.users.find((one) => one.openid === openid);
      if (found) return found.nickname;
    }
    return openid ?? "";
  }

  draw() {
    show(
      this.head,
      h("h2", null, t("exchanges")),
      h(
        "div",
        { class: "filters", role: "group", "aria-label": t("filter") },
        Object.keys(FILTERS).map((name) =>
          button(
            {
              class: name === this.filter ? "filter on" : "filter",
              "aria-pressed": String(name === this.filter),
              onclick: () => {
                this.filter = name;
                this.draw();
              },
            },
            t(name),
          ),
        ),
      ),
    );
    const shown = [...this.all.values()].filter(FILTERS[this.filter]).reverse();
    show(
      this.rows,
      shown.length ? shown.map((one) => this.row(one)) : h("p", { class: "panel-empty" }, t("no_exchanges")),
    );
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
          h("a", { class: "tool small", href: `/inspect/${id}`, "data-testid": "inspect" }, t("look_closer")),
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
        h("span", { class: "kind" }, one.kind),
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
