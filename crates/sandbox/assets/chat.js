// The list of messages: keeps one node per message, adds what the stream brings, and holds its place while the person reads.

import { button, h } from "./dom.js";
import { accountAvatar, icon, personAvatar } from "./icons.js";
import { t } from "./i18n.js";
import { bubble, WIDE } from "./messages.js";
import { get } from "./settings.js";
import { label } from "./time.js";

const QUIET = 5 * 60_000;

export class Chat {
  /** `act` is what taps do; `act.retry(pending)` sends again. */
  constructor(store, act) {
    this.store = store;
    this.act = { ...act, settle: () => this.settle() };
    this.messages = [];
    this.pending = [];
    this.nodes = new Map();
    this.list = h("div", {
      class: "messages",
      role: "log",
      "aria-live": "polite",
      "aria-relevant": "additions",
      tabindex: "0",
      "data-testid": "messages",
    });
    this.fresh = button(
      { class: "fresh", hidden: true, onclick: () => this.toEnd() },
      t("new_messages"),
      icon("down", 14),
    );
    this.node = h("div", { class: "chat-body" }, this.list, this.fresh);
    this.list.addEventListener("scroll", () => {
      this.stuck = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
      if (this.stuck) this.fresh.hidden = true;
    });
    this.stuck = true;
  }

  /** Starts over for another person. */
  clear() {
    this.messages = [];
    this.pending = [];
    this.nodes.clear();
    this.list.replaceChildren();
    this.stuck = true;
  }

  /** Takes the whole chat as the server has it. */
  load(messages, person, account) {
    this.person = person;
    this.account = account;
    const known = new Set(this.messages.map((one) => String(one.id)));
    for (const message of messages) if (!known.has(String(message.id))) this.settlePending(message);
    this.messages = messages;
    this.draw();
  }

  /** Takes one message from the stream. The same message may come twice: by the stream and by a fetch. */
  add(message) {
    const at = this.messages.findIndex((one) => String(one.id) === String(message.id));
    if (at >= 0) {
      this.messages[at] = message;
    } else {
      this.settlePending(message);
      this.messages.push(message);
      if (!this.stuck && message.from !== "user") this.fresh.hidden = false;
    }
    if (message.from === "user") this.stuck = true;
    this.draw();
  }

  /** Shows a bubble before the server knows of it. */
  expect(pending) {
    const one = {
      id: `pending-${crypto.randomUUID?.() ?? Math.random()}`,
      from: "user",
      at_ms: this.store.now(),
      ...pending,
    };
    this.pending.push(one);
    this.stuck = true;
    this.draw();
    return one;
  }

  /** The server has answered the action behind a pending bubble; the message itself came by the stream or by a fetch. */
  drop(pending) {
    this.pending = this.pending.filter((one) => one !== pending);
    this.draw();
  }

  fail(pending) {
    pending.failed = true;
    this.nodes.delete(pending.id);
    this.draw();
  }

  settlePending(message) {
    if (message.from !== "user") return;
    const at = this.pending.findIndex(
      (one) => !one.failed && one.type === message.type && (one.type !== "text" || one.text === message.text),
    );
    if (at >= 0) this.pending.splice(at, 1);
  }

  /** All bubbles: what waits stands last, what failed stays where it was written. */
  ordered() {
    const all = [...this.messages, ...this.pending.filter((one) => !one.failed)];
    for (const one of this.pending.filter((each) => each.failed)) {
      const at = all.findIndex((other) => other.at_ms > one.at_ms);
      all.splice(at < 0 ? all.length : at, 0, one);
    }
    return all;
  }

  draw() {
    const wanted = [];
    let last = -Infinity;
    const now = this.store.now();
    for (const message of this.ordered()) {
      if (message.at_ms - last > QUIET)
        wanted.push(
          this.keep(`time-${message.id}-${label(message.at_ms, now, get("lang"))}`, () =>
            h("div", { class: "time-label" }, label(message.at_ms, now, get("lang"))),
          ),
        );
      last = message.at_ms;
      wanted.push(this.keep(this.key(message), () => this.row(message)));
    }
    const keep = new Set(wanted);
    for (const [key, node] of this.nodes) if (!keep.has(node)) this.nodes.delete(key);
    for (const child of [...this.list.children]) if (!keep.has(child)) child.remove();
    wanted.forEach((node, at) => {
      if (this.list.children[at] !== node) this.list.insertBefore(node, this.list.children[at] ?? null);
    });
    this.settle();
  }

  key(message) {
    return `${message.id}-${message.failed ? "failed" : ""}${JSON.stringify(message).length}`;
  }

  keep(key, make) {
    if (!this.nodes.has(key)) this.nodes.set(key, make());
    return this.nodes.get(key);
  }

  row(message) {
    if (message.from === "notice") {
      const explain = message.exchange !== undefined && message.exchange !== null;
      return h(
        "div",
        { class: "notice", "data-testid": "notice", "data-from": "notice", "data-type": message.type ?? "notice" },
        h("span", null, message.text),
        explain &&
          h(
            "a",
            { class: "why", "data-testid": "why", target: "_blank", href: `/inspect/${message.exchange}` },
            t("why"),
          ),
      );
    }
    const mine = message.from === "user";
    const wide = !mine && WIDE.has(message.type);
    const avatar = wide
      ? null
      : mine
        ? personAvatar(this.person?.openid ?? "", 40)
        : button(
            { class: "avatar-button", "aria-label": t("profile"), onclick: () => this.act.profile() },
            accountAvatar(this.account?.app_id ?? "", 40),
          );
    return h(
      "div",
      {
        class: `row ${mine ? "mine" : "theirs"}${wide ? " wide" : ""}`,
        "data-testid": "message",
        "data-from": message.from,
        "data-type": message.type,
        "data-id": message.id,
        "data-pending": String(message.id).startsWith("pending-") ? "true" : null,
      },
      avatar,
      bubble(message, this.act),
      message.failed &&
        button(
          {
            class: "failed",
            "aria-label": t("failed_send"),
            title: t("failed_send"),
            onclick: () => this.act.retry(message),
          },
          icon("alert", 22),
        ),
    );
  }

  /** Draws everything again, after a change of language or of day. */
  redraw() {
    this.nodes.clear();
    this.fresh.replaceChildren(t("new_messages"), icon("down", 14));
    this.draw();
  }

  /** Stays at the end when the person was there; pictures call this when they have their size. */
  settle() {
    if (this.stuck) this.toEnd();
  }

  toEnd() {
    this.stuck = true;
    this.fresh.hidden = true;
    this.list.scrollTop = this.list.scrollHeight;
  }
}
