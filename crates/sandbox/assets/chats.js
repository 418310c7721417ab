// The list of chats: service accounts as rows of their own, subscription accounts in a folder, the scanner at the top right.

import { button, h } from "./dom.js";
import { accountAvatar, icon, tile } from "./icons.js";
import { t } from "./i18n.js";
import { get } from "./settings.js";
import { label } from "./time.js";
import { openScanner } from "./scanner.js";

/** A red number on a picture; screen readers hear it in words. */
function badge(count) {
  if (!count) return null;
  return h(
    "span",
    { class: "badge", "data-testid": "unread", "aria-label": t("unread", { count }), role: "img" },
    count > 99 ? "99+" : String(count),
  );
}

function chatRow(phone, one) {
  const { account, following, last, unread } = one;
  return button(
    {
      class: "chats-row",
      "data-testid": "chats-row",
      "data-account": account.app_id,
      onclick: () => phone.openAccount(one, following ? "chat" : "profile"),
    },
    h("span", { class: "chats-face" }, accountAvatar(account.app_id ?? "", 48), following && badge(unread)),
    h(
      "span",
      { class: "chats-words" },
      h("span", { class: "chats-name" }, account.name ?? "…"),
      h("span", { class: "chats-last" }, following ? (last?.text ?? "") : t("not_following")),
    ),
    following &&
      last &&
      h("span", { class: "chats-time" }, label(last.at_ms, phone.store.now(), get("lang"))),
  );
}

function folderRow(phone, rows) {
  const last = rows[0].last;
  return button(
    { class: "chats-row", "data-testid": "chats-folder", onclick: () => phone.go("folder") },
    h("span", { class: "chats-face" }, tile("list"), badge(rows.reduce((sum, one) => sum + one.unread, 0))),
    h(
      "span",
      { class: "chats-words" },
      h("span", { class: "chats-name" }, t("subscriptions")),
      h("span", { class: "chats-last" }, last ? `${rows[0].account.name}: ${last.text ?? ""}` : ""),
    ),
    last && h("span", { class: "chats-time" }, label(last.at_ms, phone.store.now(), get("lang"))),
  );
}

/** Draws the page, or the folder of subscription accounts; an account that is not followed shows as a way to its profile. */
export function chatsPage(phone, folder) {
  const rows = phone.inbox.rows;
  const folded = rows.filter((one) => one.account.kind === "subscription" && one.following);
  const shown = folder ? folded : rows.filter((one) => !folded.includes(one));
  const followed = rows.some((one) => one.following);
  return h(
    "div",
    { class: "view chats", "data-testid": "chats" },
    h(
      "header",
      { class: "nav" },
      folder &&
        button(
          { class: "nav-left", "aria-label": t("back"), "data-testid": "back", onclick: () => phone.go("list") },
          icon("back"),
        ),
      h("h1", { class: "nav-title" }, folder ? t("subscriptions") : t("chats")),
      !folder &&
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
      !folder && folded.length > 0 && folderRow(phone, folded),
      shown.map((one) => chatRow(phone, one)),
      !followed && h("p", { class: "chats-hint" }, t("no_chats")),
    ),
  );
}
