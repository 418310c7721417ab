// One exchange taken apart: its story, what travelled, how long it took, what it changed; and what can be done with it.

import { button, h, show } from "./dom.js";
import { copyCurl, copyStep, editAndResend, resend } from "./again.js";
import { outcome } from "./exchange.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { nothing } from "./inspect-list.js";
import { stateTab } from "./inspect-state.js";
import { storyTab } from "./inspect-story.js";
import { timingTab } from "./inspect-timing.js";
import { wireTab } from "./inspect-wire.js";
import { full } from "./time.js";

const TABS = { story: storyTab, wire: wireTab, timing: timingTab, state: stateTab };

export class InspectPanel {
  /** `nickname(openid)` names a person; `onopen(id)` goes to another exchange; `onclose()` back to the list. */
  constructor({ nickname, onopen, onclose }) {
    Object.assign(this, { nickname, onopen, onclose });
    this.tab = "story";
    this.node = h("div", { class: "detail" });
    this.clear();
  }

  clear() {
    this.exchange = null;
    show(this.node, nothing(t("pick_exchange")));
  }

  missing(id) {
    this.exchange = null;
    show(this.node, this.back(), nothing(t("no_such_exchange", { id })));
  }

  back() {
    return button(
      { class: "tool detail-back", "data-testid": "back", onclick: () => this.onclose() },
      icon("back", 16),
      t("exchanges"),
    );
  }

  open(exchange, store) {
    this.exchange = exchange;
    this.store = store;
    this.draw();
  }

  draw() {
    const { exchange, store } = this;
    if (!exchange) return;
    this.note = h("div", { class: "copied", role: "status" });
    this.body = h("div", { class: "tab-body", role: "tabpanel", tabindex: "0", id: "tab-body", "data-testid": "tab-body" });
    const act = (testid, label, run) =>
      button(
        {
          class: "tool",
          "data-testid": testid,
          onclick: async (event) => {
            const pressed = event.currentTarget;
            pressed.disabled = true;
            try {
              await run();
            } catch (error) {
              show(this.note, h("p", { class: "verdict" }, error.message));
            } finally {
              pressed.disabled = false;
            }
          },
        },
        label,
      );
    const gone = (fresh) => {
      const id = fresh?.id ?? fresh?.exchange?.id ?? fresh?.exchange;
      if (id) this.onopen(Number(id));
    };
    const push = exchange.direction === "push" && Boolean(exchange.request?.plain ?? exchange.request?.body);
    const copied = (text) =>
      show(
        this.note,
        h("h2", null, t("copied")),
        h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": t("copied"), "data-testid": "copied" }, text),
      );
    const who = exchange.user && (this.nickname(exchange.user) || exchange.user);
    show(
      this.node,
      h(
        "div",
        { class: "detail-head" },
        this.back(),
        h("div", { class: "detail-title" }, h("h1", null, exchange.kind), outcome(exchange)),
        h(
          "p",
          { class: "detail-facts" },
          h("a", { href: `/inspect/${exchange.id}`, "data-testid": "permalink" }, `#${exchange.id}`),
          h("span", null, t(exchange.direction === "push" ? "way_push" : "way_api")),
          exchange.at_ms && h("span", null, full(exchange.at_ms)),
          who &&
            h(
              "a",
              { href: `/phone?${new URLSearchParams({ account: exchange.app_id ?? "", user: exchange.user })}` },
              who,
            ),
          exchange.resend_of &&
            h("a", { href: `/inspect/${exchange.resend_of}` }, `${t("resend_of")} #${exchange.resend_of}`),
          (exchange.then ?? []).map((id) => h("a", { href: `/inspect/${id}` }, `${t("then")} #${id}`)),
        ),
        h(
          "div",
          { class: "tools", role: "group", "aria-label": t("actions") },
          push && act("resend-same", t("resend_same"), async () => gone(await resend(store, exchange, false))),
          push && act("resend-new", t("resend_new"), async () => gone(await resend(store, exchange, true))),
          push && act("edit-resend", t("edit_resend"), async () => gone(await editAndResend(store, exchange))),
          act("copy-curl", t("copy_curl"), async () => copied(await copyCurl(store, exchange))),
          push && act("copy-step", t("copy_step"), async () => copied(await copyStep(store, exchange, this.nickname))),
        ),
        this.note,
        h(
          "div",
          { class: "tabs", role: "tablist", "aria-label": t("exchange"), onkeydown: (event) => this.keys(event) },
          Object.keys(TABS).map((name) =>
            button(
              {
                class: "tab",
                role: "tab",
                id: `tab-${name}`,
                "data-testid": `tab-${name}`,
                "data-tab": name,
                "aria-selected": String(name === this.tab),
                "aria-controls": "tab-body",
                tabindex: name === this.tab ? "0" : "-1",
                onclick: () => this.choose(name),
              },
              t(`tab_${name}`),
            ),
          ),
        ),
      ),
      this.body,
    );
    this.fill();
  }

  fill() {
    this.body.setAttribute("aria-labelledby", `tab-${this.tab}`);
    this.body.dataset.tab = this.tab;
    show(this.body, TABS[this.tab](this.exchange, { nickname: this.nickname, store: this.store }));
  }

  choose(name, focus) {
    this.tab = name;
    for (const one of this.node.querySelectorAll(".tab")) {
      const chosen = one.dataset.tab === name;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      if (chosen && focus) one.focus();
    }
    this.fill();
  }

  keys(event) {
    const names = Object.keys(TABS);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.choose(names[(names.indexOf(this.tab) + step + names.length) % names.length], true);
  }
}
