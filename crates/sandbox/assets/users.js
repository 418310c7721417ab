// The people of the sandbox: a list to switch between them, and a form for a new one.

import { button, h } from "./dom.js";
import { personAvatar } from "./icons.js";
import { t } from "./i18n.js";
import { form, open, toast } from "./overlay.js";

/** The list as rows; `onpress(openid)` takes the choice. */
export function userRows(users, current, onpress) {
  return h(
    "div",
    { class: "user-rows" },
    users.map((one) =>
      button(
        {
          class: one.openid === current ? "user-row current" : "user-row",
          "data-testid": "user",
          "data-openid": one.openid,
          "data-nickname": one.nickname,
          "aria-current": one.openid === current ? "true" : null,
          onclick: () => onpress(one.openid),
        },
        personAvatar(one.openid, 36),
        h(
          "span",
          { class: "user-words" },
          h("span", null, one.nickname),
          h("span", { class: "user-id" }, one.openid),
        ),
        h(
          "span",
          { class: one.following ? "user-state on" : "user-state" },
          t(one.following ? "following" : "not_following"),
        ),
      ),
    ),
  );
}

/** Asks for a name and creates the person; resolves to the new OpenID or null. */
export async function newUser(root, store) {
  const values = await form(root, {
    title: t("new_user"),
    yes: t("create"),
    fields: [{ name: "nickname", label: t("nickname"), required: true }],
    check: ({ nickname }) => (nickname ? null : t("nickname")),
  });
  if (!values) return null;
  try {
    return (await store.call("POST", "users", { nickname: values.nickname })).openid;
  } catch (error) {
    toast(root, error.message);
    return null;
  }
}

/** Opens the sheet that switches between people. */
export async function switchUser(phone) {
  const { screen, store } = phone;
  try {
    await store.loadUsers();
  } catch (error) {
    toast(screen, error.message);
  }
  const choose = (openid) => {
    close();
    if (openid) phone.become(openid);
  };
  const close = open(
    screen,
    h(
      "div",
      { class: "sheet users-sheet", "data-testid": "users" },
      h("h2", { class: "sheet-title" }, t("switch_user")),
      userRows(store.users, phone.person?.openid, choose),
      button(
        {
          class: "sheet-row",
          "data-testid": "new-user",
          onclick: async () => {
            close();
            const openid = await newUser(screen, store);
            if (openid) phone.become(openid);
          },
        },
        `+ ${t("new_user")}`,
      ),
      h("div", { class: "sheet-gap" }),
      button({ class: "sheet-row", "data-testid": "cancel", onclick: () => close() }, t("cancel")),
    ),
    { label: t("switch_user") },
  );
}
