// The account's own page: who it is, and the buttons to follow, to write, and to leave.

import { button, h } from "./dom.js";
import { accountAvatar, icon } from "./icons.js";
import { t } from "./i18n.js";
import { ask } from "./overlay.js";

/** Draws the page for `phone`'s account and person. */
export function profilePage(phone) {
  const { account, person, pendingScan } = phone;
  const following = Boolean(person?.following);
  const kind = [
    t(`kind_${account.kind ?? "service"}`),
    account.verified === undefined ? null : t(account.verified ? "verified" : "unverified"),
  ]
    .filter(Boolean)
    .join(" · ");
  const row = (name, value) => h("div", { class: "profile-row" }, h("span", null, name), h("span", null, value));
  const leave = async () => {
    if (
      await ask(phone.screen, {
        text: t("unfollow_ask", { name: account.name ?? "" }),
        yes: t("unfollow"),
        danger: true,
      })
    )
      phone.unfollow();
  };
  return h(
    "div",
    { class: "view profile", "data-testid": "profile-page" },
    h(
      "header",
      { class: "nav white" },
      button(
        {
          class: "nav-left",
          "aria-label": t("back"),
          "data-testid": "back",
          onclick: () => phone.go(following ? "chat" : "list"),
        },
        icon("back"),
      ),
    ),
    h(
      "div",
      { class: "profile-body" },
      h(
        "div",
        { class: "profile-head" },
        accountAvatar(account.app_id ?? "", 60),
        h(
          "div",
          null,
          h("h1", null, account.name ?? "…"),
          h("p", null, `${t("account_id")}: ${account.original_id ?? ""}`),
        ),
        following && h("span", { class: "profile-state" }, t("following")),
      ),
      h("p", { class: "profile-intro" }, t("intro_text")),
      pendingScan &&
        !following &&
        h("p", { class: "profile-scene" }, icon("qr", 16), `${t("scanned_scene")}: ${pendingScan.scene ?? ""}`),
      h(
        "div",
        { class: "profile-buttons" },
        following
          ? [
              button(
                { class: "wide-button", "data-testid": "open-chat", onclick: () => phone.go("chat") },
                t("message"),
              ),
            ]
          : [
              button(
                {
                  class: "wide-button primary",
                  "data-testid": "follow",
                  disabled: !person,
                  onclick: () => phone.follow(),
                },
                t("follow"),
              ),
            ],
      ),
      h(
        "div",
        { class: "profile-card" },
        row(t("owner"), kind),
        row(t("callback"), t(`callback_${account.callback ? (account.handshake ?? "pending") : "none"}`)),
      ),
      following &&
        h(
          "div",
          { class: "profile-card" },
          button(
            { class: "profile-row", "data-testid": "menu-refresh", onclick: () => phone.renewMenu() },
            h("span", null, t("menu_renew")),
          ),
        ),
      following &&
        h(
          "div",
          { class: "profile-card" },
          button({ class: "profile-row danger", "data-testid": "unfollow", onclick: leave }, t("unfollow")),
        ),
    ),
  );
}
