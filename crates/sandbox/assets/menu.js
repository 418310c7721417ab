// The account's menu under the chat: one to three buttons, a pop-up for those with children, and what each type does when pressed.

import { button, h, show } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { open, pick, toast } from "./overlay.js";
import { askPlace } from "./place.js";
import { openScanner } from "./scanner.js";
import { base64 } from "./store.js";
import { cut, isWebAddress } from "./text.js";
import { article, browse, miniProgram } from "./webview.js";

const PICTURES = new Set(["pic_sysphoto", "pic_photo_or_album", "pic_weixin"]);
const children = (one) => (Array.isArray(one.sub_button) ? one.sub_button : (one.sub_button?.list ?? []));

export class Menu {
  /** `phone` gives `screen`, `store`, `person` and `perform`. */
  constructor(phone) {
    this.phone = phone;
    this.buttons = [];
    this.node = h("div", { class: "menu-buttons", role: "menubar", "aria-label": t("menu") });
    document.addEventListener("pointerdown", (event) => {
      if (this.popup && !this.node.contains(event.target)) this.close();
    });
    this.node.addEventListener("keydown", (event) => this.keys(event));
  }

  load(buttons) {
    this.buttons = buttons;
    this.close();
    show(
      this.node,
      buttons.map((one) => {
        const parent = children(one).length > 0;
        return h(
          "div",
          { class: "menu-cell" },
          button(
            {
              class: "menu-button",
              role: "menuitem",
              "data-testid": "menu-button",
              "data-name": one.name,
              "data-type": parent ? "parent" : one.type,
              title: one.name,
              "aria-haspopup": parent ? "menu" : null,
              "aria-expanded": parent ? "false" : null,
              onclick: (event) => (parent ? this.toggle(one, event.currentTarget) : this.press(one, one.name)),
            },
            parent && icon("list", 14),
            h("span", null, cut(one.name, 4)),
          ),
        );
      }),
    );
  }

  toggle(parent, anchor) {
    const was = this.popup?.anchor;
    this.close();
    if (was === anchor) return;
    const node = h(
      "div",
      { class: "menu-popup", role: "menu", "aria-label": parent.name },
      children(parent).map((one) =>
        button(
          {
            class: "menu-item",
            role: "menuitem",
            "data-testid": "menu-item",
            "data-name": one.name,
            "data-type": one.type,
            title: one.name,
            onclick: () => {
              this.close();
              this.press(one, `${parent.name}/${one.name}`);
            },
          },
          cut(one.name, 8),
        ),
      ),
    );
    anchor.parentElement.append(node);
    anchor.setAttribute("aria-expanded", "true");
    this.popup = { node, anchor };
    // A pop-up at the edge is wider than its button and would leave the screen.
    const screen = this.phone.screen.getBoundingClientRect(),
      box = node.getBoundingClientRect();
    const shift = Math.max(screen.left + 6 - box.left, 0) + Math.min(screen.right - 6 - box.right, 0);
    node.style.setProperty("--shift", `${shift}px`);
  }

  close() {
    if (!this.popup) return;
    this.popup.anchor.setAttribute("aria-expanded", "false");
    this.popup.node.remove();
    this.popup = null;
  }

  keys(event) {
    if (event.key === "Escape" && this.popup) {
      const { anchor } = this.popup;
      this.close();
      anchor.focus();
      event.stopPropagation();
    }
    if (!["ArrowUp", "ArrowDown"].includes(event.key) || !this.popup) return;
    event.preventDefault();
    const items = [...this.popup.node.children],
      at = items.indexOf(document.activeElement);
    const next = event.key === "ArrowDown" ? at + 1 : at < 0 ? items.length - 1 : at - 1;
    items[(next + items.length) % items.length].focus();
  }

  async press(one, path) {
    const { phone } = this;
    const tap = (extra = {}) => phone.perform("tap", { button: path, ...extra });
    switch (one.type) {
      case "view":
        tap();
        browse(phone.screen, one.url, one.name);
        break;
      case "miniprogram":
        tap();
        miniProgram(phone.screen, { title: one.name, appid: one.appid, path: one.pagepath });
        break;
      case "view_limited":
      case "article_view_limited":
        tap();
        article(phone.screen, { title: one.name, text: one.article_id ?? one.media_id });
        break;
      case "scancode_push":
      case "scancode_waitmsg":
        openScanner(phone, { title: one.name, onresult: (text) => this.scanned(one, text, tap) });
        break;
      case "location_select": {
        const place = await askPlace(phone.screen);
        if (place) tap({ location: place });
        break;
      }
      default:
        if (PICTURES.has(one.type)) {
          const files = await pick("image/*", one.type !== "pic_sysphoto");
          if (files.length)
            tap({
              pictures: await Promise.all(files.slice(0, 9).map(async (file) => ({ data: await base64(file) }))),
            });
        } else {
          tap();
        }
    }
  }

  async scanned(one, text, tap) {
    const { phone } = this;
    if (one.type === "scancode_push") {
      tap({ scan: text });
      if (isWebAddress(text)) browse(phone.screen, text);
      else toast(phone.screen, text);
      return;
    }
    const close = open(phone.screen, h("div", { class: "waiting" }, h("span", { class: "spinner" }), t("waiting")), {
      label: t("waiting"),
    });
    // The platform's overlay goes when the account's message comes, and never stays for ever.
    const off = phone.store.on("message", (data) => {
      if (data.openid === phone.person?.openid && data.message?.from !== "user") close();
    });
    const longest = setTimeout(close, 20_000);
    await tap({ scan: text });
    close();
    off();
    clearTimeout(longest);
  }
}
