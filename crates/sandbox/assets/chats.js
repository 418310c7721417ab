// The list of chats: the account as one row, and the scanner at the top right.

import { button, h } from "./dom.js";
import { accountAvatar, icon } from "./icons.js";
import { t } from "./i18n.js";
import { get } from "./settings.js";
import { label } from "./time.js";
import { openScanner } from "./scanner.js";

/** Draws the page; an account that is not followed shows as a way to its profile. */
export function chatsPage(phone) {
  const { account, person, store } = phone;
  const last = phone.chat.messages.at(-1);
  const following = Boolean(person?.following);
  return h(
    "div",
    { class: "view chats" },
    h(
      "header",
      { class: "nav" },
      h("h1", { class: "nav-title" }, t("chats")),
      button(
        {
          class: "nav-right",
          "aria-label": t("scan"),
          "data-testid": "chats-scan",
          onclick: () => openScanner(phone),
        },
        icon("scan"),
      ),
    ),
    h(
      "div",
      { class: "chats-body" },
      button(
        { class: "chats-row", "data-testid": "chats-row", onclick: () => phone.go(following ? "chat" : "profile") },
        accountAvatar(account.app_id ?? "", 48),
        h(
          "span",
          { class: "chats-words" },
          h("span", { class: "chats-name" }, account.name ?? "…"),
          h("span", { class: "chats-last" }, following ? (last?.text ?? "") : t("not_following")),
        ),
        following && last && h("span", { class: "chats-time" }, label(last.at_ms, store.now(), get("lang"))),
      ),
      !following && h("p", { class: "chats-hint" }, t("no_chats")),
    ),
  );
}
