// The people of the sandbox: a list to switch between them, and a form for a new one.

import { button, h, show } from "./dom.js";
import { personAvatar } from "./icons.js";
import { t } from "./i18n.js";
import { form, open, toast } from "./overlay.js";

const MOST_ROWS = 60;
const FEW = 8;

/** The people as rows, with a search above when they are many. Only the first of those that fit are drawn. */
export class UserList {
  /** `onpress(openid)` takes the choice. */
  constructor(onpress) {
    Object.assign(this, { onpress, users: [], current: null });
    this.search = h("input", { type: "search", class: "search", "data-testid": "find-person", autocomplete: "off", spellcheck: "false", oninput: () => this.draw() });
    this.rows = h("div", { class: "user-rows" });
    this.more = h("p", { class: "user-more" });
    this.node = h("div", { class: "user-list" }, this.search, this.rows, this.more);
  }

  update(users, current) {
    Object.assign(this, { users, current });
    this.draw();
  }

  draw() {
    const { users, current } = this;
    this.search.hidden = users.length <= FEW;
    this.search.placeholder = t("find_person");
    this.search.setAttribute("aria-label", t("find_person"));
    const needle = this.search.hidden ? "" : this.search.value.trim().toLowerCase();
    const fits = needle
      ? users.filter((one) => one.nickname.toLowerCase().includes(needle) || one.openid.toLowerCase().includes(needle))
      : users;
    const shown = fits.slice(0, MOST_ROWS);
    const own = fits.find((one) => one.openid === current);
    if (own && !shown.includes(own)) shown.unshift(own);
    show(this.rows, rows(shown, current, this.onpress));
    const left = fits.length - shown.length;
    this.more.hidden = left === 0 && shown.length > 0;
    this.more.textContent = shown.length ? t("and_more", { count: left }) : t("nobody_found");
  }
}

function rows(users, current, onpress) {
  return users.map((one) =>
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
  const people = new UserList(choose);
  people.update(store.users, phone.person?.openid);
  const close = open(
    screen,
    h(
      "div",
      { class: "sheet users-sheet", "data-testid": "users" },
      h("h2", { class: "sheet-title" }, t("switch_user")),
      people.node,
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
