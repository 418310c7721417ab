// The account: which one, whether its callback answers, its tokens and daily counters.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { list } from "./store.js";

/** More calls than any quota allows. */
const MANY = 1_000_000_000;

export class AccountPanel {
  /** `choose(store)` turns the phone to another account; `fail(error)` shows a refusal; `said(text)` a word. */
  constructor(world, store, { choose, fail, said }) {
    Object.assign(this, { world, store, choose, fail, said });
    this.node = h("section", { class: "panel", "aria-label": t("account") });
    this.quotas = [];
    this.tokens = 0;
    for (const one of world.stores) one.on("account", () => this.draw());
    this.draw();
  }

  use(store) {
    this.store = store;
    this.load();
  }

  async load() {
    this.quotas = list(await this.store.call("GET", "quotas").catch(() => []), "quotas");
    this.draw();
  }

  draw() {
    const { known } = this.store;
    const many = this.world.stores.length > 1;
    const act = (testid, label, method, path, body) =>
      button(
        {
          class: "tool",
          "data-testid": testid,
          onclick: () => this.store.call(method, path, body ?? {}).then(() => this.said(label), this.fail),
        },
        label,
      );
    const state = known.callback ? (known.handshake ?? "pending") : "none";
    show(
      this.node,
      h(
        "div",
        { class: "panel-head" },
        h("h2", null, t("account")),
        many
          ? h(
              "select",
              {
                "data-testid": "account-switch",
                "aria-label": t("account"),
                onchange: (event) => this.choose(this.world.store(event.target.value)),
              },
              this.world.stores.map((one) =>
                h("option", { value: one.app_id, selected: one === this.store }, one.known.name ?? one.app_id),
              ),
            )
          : h("span", null, known.name ?? ""),
      ),
      h(
        "p",
        { class: "account-facts" },
        `${t(`kind_${known.kind ?? "service"}`)} · ${t(known.verified === false ? "unverified" : "verified")} · ${known.mode ?? ""} · ${t("callback")} `,
        h("b", { class: `handshake ${state}`, title: known.handshake_error ?? known.callback ?? "" }, t(`callback_${state}`)),
      ),
      h(
        "div",
        { class: "tools" },
        act("token-expire", t("token_expire"), "POST", "token/expire"),
        act("token-replace", t("token_replace"), "POST", "token/replace"),
        act("qrcodes-expire", t("codes_expire"), "POST", "qrcodes/expire"),
        act("media-expire", t("media_expire"), "POST", "media/expire"),
      ),
      this.quotas.length > 0 && [
        h("h3", null, t("quotas")),
        h(
          "ul",
          { class: "quotas", "data-testid": "quotas" },
          this.quotas.map((one) =>
            h(
              "li",
              null,
              h("code", { title: one.path }, one.path),
              h("b", null, one.used >= MANY ? "∞" : String(one.used)),
              button(
                {
                  class: "tool small",
                  "data-testid": "use-up",
                  "data-key": one.path,
                  "aria-label": `${t("use_up")} ${one.path}`,
                  onclick: () => this.store.call("PUT", "quotas", { path: one.path, used: MANY }).then(() => this.said(t("used_up")), this.fail),
                },
                t("use_up"),
              ),
            ),
          ),
        ),
      ],
    );
  }
}
