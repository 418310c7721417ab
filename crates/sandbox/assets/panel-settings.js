// Settings: the platform's rules and guesses as this sandbox has them, and the account's own addresses and keys.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { onChange } from "./settings.js";
import { list } from "./store.js";

const WINDOWS = ["message", "menu", "follow", "scan", "pay"];
const CHOICES = {
  allowances: ["per_action", "per_kind"],
  template_outcome: ["success", "failed:user block", "failed: system failed"],
};
const NOTES = { current: "profile_current", "legacy-2021": "profile_legacy", custom: "profile_custom" };
const FIRST = ["notice", "expired_notice", "menu_cache_seconds", "template_outcome", "allowances", "mark_fail_after", "token_seconds"];

export class SettingsPanel {
  /** `store()` is the account that the phone shows. */
  constructor(store, { said, fail }) {
    Object.assign(this, { current: store, said, fail, settings: {}, profiles: [], domains: {}, wanted: "" });
    this.search = h("input", { type: "search", class: "search", "data-testid": "settings-search", autocomplete: "off", spellcheck: "false", oninput: () => this.filter() });
    this.head = h("span", { class: "tools flat" }, this.search);
    this.top = h("div");
    this.rest = h("div", { class: "setting-rows" });
    this.account = h("div");
    this.none = h("p", { class: "panel-empty", hidden: true });
    this.node = h("div", { class: "settings" }, this.top, this.account, this.rest, this.none);
    onChange((name) => {
      if (name === "lang") this.draw();
    });
    this.draw();
  }

  get store() {
    return this.current();
  }

  async load() {
    const { store } = this;
    const [settings, profiles, domains] = await Promise.all([
      store.call("GET", "/_sandbox/settings").catch(() => this.settings),
      store.call("GET", "/_sandbox/profiles").catch(() => []),
      store.call("GET", "js_domain").catch(() => ({})),
      store.account().catch(() => null),
    ]);
    Object.assign(this, { settings, profiles: list(profiles, "profiles"), domains });
    this.draw();
  }

  async change(changes) {
    try {
      this.settings = await this.store.call("PUT", "/_sandbox/settings", changes);
      this.said(t("saved"));
    } catch (error) {
      this.fail(error);
    }
    this.draw();
  }

  async put(path, body) {
    try {
      await this.store.call("PUT", path, body);
      this.said(t("saved"));
    } catch (error) {
      this.fail(error);
    }
    this.load();
  }

  /** A field for one value, of the kind the value is. */
  field(name, value, onvalue, hint) {
    const mark = { "data-testid": `setting-${name}`, "data-key": name, "aria-label": hint ?? t(`set_${name}`) };
    const choices = CHOICES[name];
    if (choices)
      return h("select", { ...mark, onchange: (event) => onvalue(event.target.value) }, choices.map((one) => h("option", { value: one, selected: one === value }, one)));
    if (typeof value === "boolean") {
      const box = h("input", { ...mark, type: "checkbox", onchange: () => onvalue(box.checked) });
      box.checked = value;
      return box;
    }
    const number = typeof value === "number";
    const plain = number || typeof value === "string";
    const read = (text) => {
      if (number) return text === "" ? null : Number(text);
      if (plain) return text;
      return JSON.parse(text);
    };
    return h("input", {
      ...mark,
      type: number ? "number" : "text",
      class: number ? "short" : plain ? "" : "json",
      value: plain ? value : JSON.stringify(value),
      autocomplete: "off",
      spellcheck: "false",
      onchange: (event) => {
        try {
          onvalue(read(event.target.value));
        } catch {
          this.fail(new Error(t("not_json")));
        }
      },
    });
  }

  row(name, label, field, note) {
    return h("label", { class: "setting", "data-name": `${name} ${label}`.toLowerCase() }, h("span", { class: "setting-name" }, label, note && h("small", null, note)), field);
  }

  draw() {
    const { settings } = this;
    this.search.placeholder = t("settings_search");
    this.search.setAttribute("aria-label", t("settings_search"));
    this.none.textContent = t("no_such_setting");
    this.drawWindows(settings);
    this.drawAccount();
    const scalar = Object.entries(settings).filter(([name]) => name !== "profile" && !name.startsWith("window_"));
    scalar.sort(([a], [b]) => (FIRST.indexOf(a) + 1 || 99) - (FIRST.indexOf(b) + 1 || 99));
    show(
      this.rest,
      h("h2", null, t("rules")),
      scalar.map(([name, value]) => {
        const known = FIRST.includes(name);
        return this.row(name, known ? t(`set_${name}`) : name, this.field(name, value, (given) => this.change({ [name]: given }), known ? undefined : name), known ? name : null);
      }),
    );
    this.filter();
  }

  drawWindows(settings) {
    show(
      this.top,
      h("h2", null, t("profile_windows")),
      h(
        "div",
        { class: "segments", role: "group", "aria-label": t("profile_windows") },
        this.profiles.map((one) =>
          button(
            { class: one.name === settings.profile ? "segment on" : "segment", "data-testid": `profile-${one.name}`, "aria-pressed": String(one.name === settings.profile), onclick: () => this.change({ profile: one.name }) },
            one.name,
          ),
        ),
        settings.profile === "custom" && h("span", { class: "segment on" }, t("custom")),
      ),
      NOTES[settings.profile] && h("p", { class: "setting-note" }, t(NOTES[settings.profile])),
      h(
        "table",
        { class: "window-table" },
        h("thead", null, h("tr", null, [t("opened_by"), t("may_send"), t("lasts_seconds")].map((text) => h("th", { scope: "col" }, text)))),
        h(
          "tbody",
          null,
          WINDOWS.filter((name) => settings[`window_${name}`]).map((name) => {
            const one = settings[`window_${name}`];
            const cell = (key, label) =>
              h("input", {
                type: "number",
                min: key === "seconds" ? "1" : "0",
                value: one[key] ?? "",
                placeholder: "∞",
                "data-testid": `window-${name}-${key}`,
                "aria-label": `${t(`window_${name}`)}: ${label}`,
                onchange: (event) => this.change({ [`window_${name}`]: { ...one, [key]: event.target.value === "" ? null : Number(event.target.value) } }),
              });
            return h("tr", { "data-testid": `window-row-${name}` }, h("th", { scope: "row" }, t(`window_${name}`)), h("td", null, cell("messages", t("may_send"))), h("td", null, cell("seconds", t("lasts_seconds"))));
          }),
        ),
      ),
    );
  }

  drawAccount() {
    const { known } = this.store;
    const text = (name, label, value, onvalue, placeholder) => {
      const field = this.field(name, value ?? "", onvalue, label);
      field.placeholder = placeholder ?? "";
      return this.row(name, label, field);
    };
    const or = (value) => (value.trim() === "" ? null : value.trim());
    show(
      this.account,
      h("h2", null, t("account_settings", { name: known.name ?? "" })),
      text("callback", t("set_callback"), known.callback, (value) => this.put("callback", { url: or(value) }), "http://127.0.0.1:8080/callback/main"),
      text(
        "ip_list",
        t("set_ip_list"),
        (known.ip_list ?? []).join(", "),
        (value) => this.put("ip_list", { list: or(value) && value.split(",").map((one) => one.trim()).filter(Boolean) }),
        t("any_address"),
      ),
      text("oauth_domain", t("set_oauth_domain"), this.domains.oauth_domain, (value) => this.put("oauth_domain", { domain: or(value) }), t("any_domain")),
      text("js_domain", t("set_js_domain"), this.domains.js_domain, (value) => this.put("js_domain", { domain: or(value) }), t("any_domain")),
      this.row("secret_frozen", t("set_secret_frozen"), this.field("secret_frozen", Boolean(known.secret_frozen), (frozen) => this.put("secret", { frozen }))),
    );
  }

  /** Only the rows that hold what was written. */
  filter() {
    const needle = this.search.value.trim().toLowerCase();
    let left = 0;
    for (const row of this.node.querySelectorAll(".setting")) {
      row.hidden = !row.dataset.name.includes(needle);
      left += row.hidden ? 0 : 1;
    }
    this.top.hidden = needle !== "" && !t("profile_windows").toLowerCase().includes(needle) && !"profile window".includes(needle);
    for (const part of [this.account, this.rest]) part.hidden = !part.querySelector(".setting:not([hidden])");
    this.none.hidden = left > 0 || !this.top.hidden;
  }
}
