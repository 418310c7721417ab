// The bottom bar: the menu on one side, writing on the other, and the panels for emoji and for everything that is not text.

import { button, h } from "./dom.js";
import { icon, tile } from "./icons.js";
import { t } from "./i18n.js";
import { Menu } from "./menu.js";
import { form, pick } from "./overlay.js";
import { askPlace } from "./place.js";
import { base64 } from "./store.js";
import { isWebAddress, PALETTE } from "./text.js";

export class Composer {
  constructor(phone) {
    this.phone = phone;
    this.menu = new Menu(phone);
    this.mode = "menu";
    this.build();
  }

  build() {
    this.input = h("textarea", {
      class: "composer-input",
      rows: "1",
      "data-testid": "composer",
      "aria-label": t("write"),
      placeholder: "",
      enterkeyhint: "send",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("focus", () => this.panel(null));
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    this.toggle = button({
      class: "bar-toggle",
      "data-testid": "menu-toggle",
      onclick: () => this.setMode(this.mode === "menu" ? "input" : "menu", true),
    });
    this.smile = button(
      {
        class: "bar-icon",
        "aria-label": t("emoji"),
        "data-testid": "emoji",
        onclick: () => this.panel(this.panelName === "emoji" ? null : "emoji"),
      },
      icon("smile", 28),
    );
    this.plus = button(
      {
        class: "bar-icon",
        "aria-label": t("more"),
        "data-testid": "plus",
        onclick: () => this.panel(this.panelName === "more" ? null : "more"),
      },
      icon("plus", 28),
    );
    this.sendButton = button(
      { class: "bar-send", hidden: true, "data-testid": "send", onclick: () => this.send() },
      t("send"),
    );
    this.writing = h("div", { class: "bar-writing" }, this.input, this.smile, this.plus, this.sendButton);
    this.below = h("div", { class: "bar-panel", hidden: true });
    this.node = h(
      "div",
      { class: "bar" },
      h("div", { class: "bar-row" }, this.toggle, this.menu.node, this.writing),
      this.below,
    );
    this.setMode(this.mode);
  }

  /** Builds the chrome again in another language; what was being written stays. */
  redraw() {
    const draft = this.input.value,
      old = this.node;
    this.build();
    old.replaceWith(this.node);
    this.input.value = draft;
    this.showMenu(this.menu.buttons);
    this.changed();
  }

  /** Takes the person's menu. Without one the bar is for writing only. */
  loadMenu(buttons) {
    // Fetched anew but the same: a pop-up or a panel that is open stays open.
    if (JSON.stringify(buttons) === JSON.stringify(this.menu.buttons)) return;
    this.showMenu(buttons);
  }

  showMenu(buttons) {
    const had = this.menu.buttons.length > 0;
    this.menu.load(buttons);
    if (!buttons.length) this.setMode("input");
    else if (!had && !this.input.value) this.setMode("menu");
    else this.setMode(this.mode);
  }

  setMode(mode, focus) {
    this.mode = this.menu.buttons.length ? mode : "input";
    const menu = this.mode === "menu";
    this.toggle.hidden = !this.menu.buttons.length;
    this.toggle.replaceChildren(icon(menu ? "keyboard" : "list", 26));
    this.toggle.setAttribute("aria-label", menu ? t("to_keyboard") : t("to_menu"));
    this.toggle.dataset.mode = this.mode;
    this.menu.node.hidden = !menu;
    this.writing.hidden = menu;
    this.menu.close();
    this.panel(null);
    if (focus && !menu) this.input.focus({ preventScroll: true });
  }

  changed() {
    const something = this.input.value.trim() !== "";
    this.sendButton.hidden = !something;
    this.plus.hidden = something;
    this.input.style.setProperty("height", "auto");
    this.input.style.setProperty("height", `${Math.min(this.input.scrollHeight, 112)}px`);
  }

  send() {
    const text = this.input.value;
    if (text.trim() === "") return;
    this.input.value = "";
    this.changed();
    this.phone.say(text);
  }

  panel(name) {
    this.panelName = name;
    this.below.hidden = !name;
    if (name === "emoji") {
      this.below.replaceChildren(
        h(
          "div",
          { class: "emoji-grid" },
          PALETTE.map((one) => button({ onclick: () => this.insert(one), "aria-label": one }, one)),
        ),
      );
    } else if (name === "more") {
      const entry = (testid, picture, run) =>
        button(
          {
            class: "panel-entry",
            "data-testid": `panel-${testid}`,
            onclick: () => {
              this.panel(null);
              run();
            },
          },
          tile(picture),
          h("span", null, t(testid === "link" ? "favourite" : testid)),
        );
      this.below.replaceChildren(
        h(
          "div",
          { class: "panel-grid" },
          entry("photo", "photo", () => this.files("image", "image/*")),
          entry("voice", "mic", () => this.files("voice", ".mp3,.amr,audio/*")),
          entry("video", "film", () => this.files("video", "video/mp4,video/*")),
          entry("location", "pin", () => this.place()),
          entry("link", "link", () => this.share()),
        ),
      );
    }
    if (name) this.phone.chat.settle();
  }

  insert(one) {
    const at = this.input.selectionStart ?? this.input.value.length;
    this.input.setRangeText(one, at, this.input.selectionEnd ?? at, "end");
    this.changed();
  }

  async files(msgtype, accept) {
    for (const file of await pick(accept, msgtype === "image"))
      this.phone.sendFile(msgtype, file, await base64(file));
  }

  async place() {
    const place = await askPlace(this.phone.screen);
    if (place) this.phone.perform("send", { msgtype: "location", ...place });
  }

  async share() {
    const values = await form(this.phone.screen, {
      title: t("link_title"),
      fields: [
        { name: "title", label: t("title"), required: true },
        { name: "description", label: t("description") },
        { name: "url", label: t("address"), value: "https://", required: true },
      ],
      check: ({ url }) => (isWebAddress(url) ? null : t("address")),
    });
    if (values) this.phone.perform("send", { msgtype: "link", ...values });
  }
}
