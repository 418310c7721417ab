// The phone: one person's screen. Holds who acts, which page shows, and turns every touch into a call of the control API.

import { button, h, show } from "./dom.js";
import { Chat } from "./chat.js";
import { chatsPage } from "./chats.js";
import { Composer } from "./composer.js";
import { icon } from "./icons.js";
import { Inbox } from "./inbox.js";
import { t } from "./i18n.js";
import { film, toast, viewer } from "./overlay.js";
import { profilePage } from "./profile.js";
import { scanPicture } from "./scanner.js";
import { get, onChange } from "./settings.js";
import { sound } from "./sound.js";
import { statusBar } from "./statusbar.js";
import { clockFace } from "./time.js";
import { article, browse, miniProgram } from "./webview.js";

const TYPING_MS = 15_000;

export class Phone {
  constructor(world, store) {
    this.world = world;
    this.store = store;
    this.account = {};
    this.person = null;
    this.view = "profile";
    this.pendingScan = null;
    this.onperson = () => {};
    this.time = h("span", { class: "status-time" });
    this.pages = h("div", { class: "pages" });
    this.screen = h("div", { class: "screen" }, statusBar(this.time), this.pages);
    this.node = h(
      "div",
      { class: "phone", "data-testid": "phone", role: "region", "aria-label": "WeChat" },
      this.screen,
    );
    this.chat = new Chat(store, {
      browse: (url, title) => browse(this.screen, url, title),
      article: (one) => article(this.screen, { title: one.title, text: one.description }),
      mini: (one) => miniProgram(this.screen, one),
      menuClick: (id, content) => this.perform("menu_click", { id, content }),
      view: (url) => viewer(this.screen, url, [[t("find_code"), () => scanPicture(this, url)]]),
      film: (url) => film(this.screen, url),
      sound: (node, url, seconds) => sound(node, url, seconds, () => toast(this.screen, t("cannot_play"))),
      retry: (pending) => {
        this.chat.drop(pending);
        pending.again();
      },
      profile: () => this.go("profile"),
    });
    this.composer = new Composer(this);
    this.inbox = new Inbox(this);
    this.unread = h("span", { class: "nav-unread", hidden: true, "data-testid": "nav-unread" });
    this.title = h("h1", { class: "nav-title", "data-testid": "title" });
    this.chatPage = h("div", { class: "view chat" });
    this.buildChatPage();
    this.listen();
    this.tick();
    setInterval(() => this.tick(), 5000);
  }

  buildChatPage() {
    show(
      this.chatPage,
      h(
        "header",
        { class: "nav" },
        button(
          { class: "nav-left", "aria-label": t("back"), "data-testid": "back", onclick: () => this.go("list") },
          icon("back"),
          this.unread,
        ),
        this.title,
        button(
          {
            class: "nav-right",
            "aria-label": t("profile"),
            "data-testid": "profile",
            onclick: () => this.go("profile"),
          },
          icon("person"),
        ),
      ),
      this.chat.node,
      this.composer.node,
    );
  }

  listen() {
    for (const store of this.world.stores) this.listenTo(store);
    onChange((name) => {
      if (name === "lang" || name === "type") this.redraw();
    });
  }

  /** Every account speaks; the screen shows what the open one says. */
  listenTo(store) {
    const here = (run) => (data) => {
      if (store === this.store) run(data ?? {});
    };
    const mine = (data) => this.person && (data.openid ?? data.user?.openid) === this.person.openid;
    store.on(
      "message",
      here((data) => {
        if (!mine(data) || !data.message) return;
        if (data.message.from !== "user") this.typing(false);
        this.chat.add(data.message);
        if (this.view === "chat") this.inbox.seen();
      }),
    );
    store.on(
      "user",
      here((data) => {
        if (mine(data)) this.refreshPerson(data.user);
      }),
    );
    store.on(
      "menu",
      here((data) => {
        if (!data.openid || mine(data)) this.refreshMenu();
      }),
    );
    store.on(
      "account",
      here(async (data) => {
        if (data.reset) return;
        this.account = await store.account().catch(() => this.account);
        this.draw();
      }),
    );
    store.on(
      "clock",
      here(() => {
        this.tick();
        this.chat.draw();
      }),
    );
    store.on(
      "gap",
      here(() => {
        if (this.person) this.become(this.person.openid, { again: true });
      }),
    );
    store.on(
      "reset",
      here(() => {
        this.inbox.forget();
        this.onreset?.();
      }),
    );
  }

  tick() {
    this.time.textContent = clockFace(this.store.now());
  }

  /** Shows another person, or (`again`) fetches the same one anew without moving the screen. */
  async become(openid, { again = false } = {}) {
    const { store } = this;
    try {
      const [account, person, messages, menu] = await Promise.all([
        store.account(),
        store.user(openid),
        store.chat(openid),
        store.menu(openid),
      ]);
      if (again && this.person?.openid !== openid) return;
      if (!again) {
        this.chat.clear();
        this.pendingScan = null;
        this.screen.querySelectorAll(".layer").forEach((layer) => layer.remove());
      }
      this.account = account;
      this.person = person;
      this.chat.load(messages, person, account);
      this.composer.loadMenu(menu);
      if (!again) {
        this.view = person.following ? "chat" : "profile";
        this.onperson(openid);
      }
      this.draw();
      this.inbox.soon();
    } catch (error) {
      if (again) {
        // The sandbox was started anew and its world is another one.
        if (error.status === 404) this.onreset?.();
        return;
      }
      toast(
        this.screen,
        error.status === 404 ? t("no_such_user", { user: openid }) : t("no_server", { why: error.message }),
        5000,
      );
    }
  }

  async refreshPerson(known) {
    const { openid, following } = this.person;
    const person = known ?? (await this.store.user(openid).catch(() => null));
    if (!person || this.person.openid !== openid) return;
    this.person = person;
    if (Boolean(person.typing) !== Boolean(this.isTyping)) this.typing(person.typing);
    if (person.following === following) return;
    if (person.following) await this.refreshMenu();
    this.view = person.following ? "chat" : "profile";
    this.draw();
  }

  async refreshMenu() {
    const openid = this.person?.openid;
    if (!openid) return;
    const menu = await this.store.menu(openid).catch(() => null);
    if (menu && this.person?.openid === openid) this.composer.loadMenu(menu);
  }

  /** Opens another account's chat or profile, as the same person. */
  async openAccount({ store, openid }, view) {
    if (store !== this.store) {
      this.store = store;
      this.chat.store = store;
      this.typing(false);
      await this.become(openid);
    }
    this.go(view);
  }

  /** The menu as the account has it now, not as the app remembers it. */
  async renewMenu() {
    const { store, person } = this;
    await store.call("POST", `users/${encodeURIComponent(person.openid)}/menu/refresh`, {}).catch(() => {});
    await this.refreshMenu();
    toast(this.screen, t("menu_renewed"));
  }

  go(view) {
    this.view = view;
    this.draw();
    if (view !== "profile") this.inbox.soon();
    const first = this.pages.querySelector("button:not([disabled])");
    if (document.activeElement === document.body) first?.focus({ preventScroll: true });
  }

  draw() {
    if (!this.isTyping) this.title.textContent = this.account.name ?? "";
    const { unread } = this.inbox;
    this.unread.hidden = !unread;
    this.unread.textContent = String(unread);
    this.screen.dataset.view = this.view;
    if (this.person) this.screen.dataset.user = this.person.openid;
    this.node.setAttribute("aria-label", `WeChat: ${this.person?.nickname ?? ""}`);
    if (this.view === "chat") {
      if (!this.chatPage.isConnected) this.pages.replaceChildren(this.chatPage);
      this.chat.settle();
      this.inbox.seen();
      this.drawn = "";
      return;
    }
    // The same page with the same facts stays, and with it what has the focus.
    const facts = JSON.stringify([
      this.view,
      get("lang"),
      this.account,
      this.person?.openid,
      this.person?.following,
      this.pendingScan,
      this.inbox.version,
    ]);
    if (facts === this.drawn) return;
    this.drawn = facts;
    const kept = this.pages.contains(document.activeElement) && document.activeElement.dataset.testid;
    this.pages.replaceChildren(
      this.view === "profile" ? profilePage(this) : chatsPage(this, this.view === "folder"),
    );
    if (kept) this.pages.querySelector(`[data-testid="${kept}"]`)?.focus({ preventScroll: true });
  }

  redraw() {
    this.composer.redraw();
    this.buildChatPage();
    this.chat.redraw();
    this.draw();
  }

  typing(on) {
    clearTimeout(this.typingTimer);
    this.isTyping = Boolean(on);
    this.title.textContent = on ? t("typing") : (this.account.name ?? "");
    if (on) this.typingTimer = setTimeout(() => this.typing(false), TYPING_MS);
  }

  /** Carries out one act; a refusal is shown. Resolves to true when it was taken. */
  async perform(verb, body) {
    const openid = this.person?.openid;
    if (!openid) return false;
    try {
      await this.store.act(openid, verb, body);
      return true;
    } catch (error) {
      toast(this.screen, error.status === 0 ? t("no_server", { why: error.message }) : error.message, 4000);
      return false;
    } finally {
      // Without the stream nobody tells us what the act has led to.
      if (!this.store.live && this.person?.openid === openid) this.become(openid, { again: true });
    }
  }

  /** Writes a text: the bubble shows at once and is replaced by the server's. */
  async say(text) {
    const pending = this.chat.expect({ type: "text", text, again: () => this.say(text) });
    this.finish(pending, await this.perform("say", { text }));
  }

  async sendFile(msgtype, file, data) {
    const local = msgtype === "image" ? URL.createObjectURL(file) : undefined;
    const pending = this.chat.expect({
      type: msgtype,
      text: file.name,
      local,
      again: () => this.sendFile(msgtype, file, data),
    });
    this.finish(pending, await this.perform("send", { msgtype, data, filename: file.name }));
  }

  async finish(pending, taken) {
    if (!this.chat.pending.includes(pending)) return;
    if (!taken) {
      this.chat.fail(pending);
      return;
    }
    const { openid } = this.person;
    const messages = await this.store.chat(openid).catch(() => null);
    if (messages && this.person.openid === openid) this.chat.load(messages, this.person, this.account);
    this.chat.drop(pending);
  }

  /** Follows, by the code that was scanned before if there is one. The chat opens at once; the welcome comes when it comes. */
  async follow() {
    const { pendingScan, person } = this;
    this.person = { ...person, following: true };
    this.pendingScan = null;
    this.go("chat");
    const taken = pendingScan
      ? await this.perform("scan", { ticket: pendingScan.ticket })
      : await this.perform("follow", {});
    await this.sync(person.openid);
    if (!taken && this.person?.openid === person.openid && !this.person.following) this.go("profile");
    else this.refreshMenu();
  }

  async unfollow() {
    const { person } = this;
    this.person = { ...person, following: false };
    this.go("profile");
    await this.perform("unfollow", {});
    await this.sync(person.openid);
  }

  async sync(openid) {
    const person = await this.store.user(openid).catch(() => null);
    if (person && this.person?.openid === openid) {
      this.person = person;
      this.draw();
    }
  }

  /** Scans an account's code: a follower goes to the chat, anyone else sees the profile first. */
  async scan(ticket, scene) {
    if (this.person?.following) {
      this.go("chat");
      await this.perform("scan", { ticket });
    } else {
      this.pendingScan = { ticket, scene };
      this.go("profile");
    }
  }
}

/** Finds who should act when the page opens: the one named in the address, the last one, the first one, or a new one. */
export async function firstPerson(store, { wanted, remembered, not }) {
  const users = await store.loadUsers();
  const find = (name) => name && users.find((one) => one.openid === name || one.nickname === name);
  const found = find(wanted) ?? find(remembered) ?? users.find((one) => one.openid !== not);
  const nickname = t(not ? "second_user" : "first_user");
  const openid = found?.openid ?? (await store.call("POST", "users", { nickname })).openid;
  return { openid, missing: users.length > 0 && wanted && !find(wanted) ? wanted : null };
}
