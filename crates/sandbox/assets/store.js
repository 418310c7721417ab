// The client of the control API for one account: fetch for actions; what happens comes from the page's stream.

import { get } from "./settings.js";

/** An answer the sandbox refused with, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Some answers are a bare array, some wrap it; the page takes both. */
export const list = (answer, name) =>
  Array.isArray(answer) ? answer : Array.isArray(answer?.[name]) ? answer[name] : [];

async function problem(response) {
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    if (get("lang") === "zh" && body.error_zh) return body.error_zh;
    return body.error?.message ?? body.error ?? body.message ?? body.detail ?? body.title ?? body.errmsg ?? text;
  } catch {
    return text || `HTTP ${response.status}`;
  }
}

export class Store extends EventTarget {
  constructor(world, app_id, known = {}) {
    super();
    this.world = world;
    this.app_id = app_id;
    this.known = known;
    this.base = app_id ? `/_sandbox/accounts/${encodeURIComponent(app_id)}` : "/_sandbox";
    this.users = [];
  }

  get live() {
    return this.world.live;
  }

  /** Now, by the sandbox's clock. */
  now() {
    return this.world.now();
  }

  async call(method, path, body, signal) {
    const init = { method, headers: {}, signal };
    if (body instanceof Blob) init.body = body;
    else if (body !== undefined) {
      init.headers["content-type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(path.startsWith("/") ? path : `${this.base}/${path}`, init);
    } catch (error) {
      throw new ApiError(0, error.message);
    }
    if (!response.ok) throw new ApiError(response.status, String(await problem(response)));
    const type = response.headers.get("content-type") ?? "";
    return type.includes("json") ? response.json() : response.text();
  }

  /** What a person does: `act(openid, "say", {text})`. Resolves when the exchange is over. */
  act(openid, verb, body = {}) {
    return this.call("POST", `users/${encodeURIComponent(openid)}/${verb}`, body);
  }

  user(openid) {
    return this.call("GET", `users/${encodeURIComponent(openid)}`);
  }

  async chat(openid) {
    return list(await this.call("GET", `users/${encodeURIComponent(openid)}/chat`), "messages");
  }

  async menu(openid) {
    return list(await this.call("GET", `users/${encodeURIComponent(openid)}/menu`), "button");
  }

  async loadUsers() {
    this.users = list(await this.call("GET", "users"), "users");
    this.byOpenid = new Map(this.users.map((one) => [one.openid, one]));
    return this.users;
  }

  /** Takes what the stream says of a person, so that a thousand people need not be fetched for one. */
  learn(user) {
    if (!user?.openid) return;
    const known = this.byOpenid?.get(user.openid);
    if (known) Object.assign(known, user);
    else if (this.byOpenid) {
      this.byOpenid.set(user.openid, user);
      this.users.push(user);
    }
  }

  nickname(openid) {
    return this.byOpenid?.get(openid)?.nickname;
  }

  async accounts() {
    return list(await this.call("GET", "/_sandbox/accounts"), "accounts");
  }

  async account() {
    const all = await this.accounts();
    this.known = all.find((one) => one.app_id === this.app_id) ?? all[0] ?? {};
    return this.known;
  }

  async qrcodes() {
    return list(await this.call("GET", "qrcodes"), "qrcodes");
  }

  async exchanges(query = "") {
    return list(await this.call("GET", `exchanges${query}`), "exchanges");
  }

  exchange(id) {
    return this.call("GET", `exchanges/${encodeURIComponent(id)}`);
  }

  async loadClock() {
    this.setClock(await this.call("GET", "/_sandbox/clock"));
  }

  setClock(clock) {
    this.world.setClock(clock);
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, listener) {
    const wrapped = (event) => listener(event.detail);
    this.addEventListener(name, wrapped);
    return () => this.removeEventListener(name, wrapped);
  }
}

/** A file as bare base64, as the control API takes it. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
