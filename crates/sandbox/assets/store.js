// The one client of the sandbox's public control API: fetch for actions, one event stream for everything that happens.

/** An answer the sandbox refused with, or no answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const EVENTS = ["message", "exchange", "user", "menu", "clock", "qrcode", "account"];

/** Some answers are a bare array, some wrap it; the page takes both. */
export const list = (answer, name) =>
  Array.isArray(answer) ? answer : Array.isArray(answer?.[name]) ? answer[name] : [];

async function problem(response) {
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    return body.error?.message ?? body.error ?? body.message ?? body.detail ?? body.title ?? body.errmsg ?? text;
  } catch {
    return text || `HTTP ${response.status}`;
  }
}

export class Store extends EventTarget {
  constructor(account) {
    super();
    this.base = account ? `/_sandbox/accounts/${encodeURIComponent(account)}` : "/_sandbox";
    this.users = [];
    this.live = false;
    this.offset = 0;
    this.wait = 500;
  }

  /** Now, by the sandbox's clock. */
  now() {
    return Date.now() + this.offset;
  }

  async call(method, path, body) {
    const init = { method, headers: {} };
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
    return this.users;
  }

  async account() {
    const all = list(await this.call("GET", "/_sandbox/accounts"), "accounts");
    const wanted = this.base.split("/accounts/")[1];
    return all.find((one) => one.app_id === decodeURIComponent(wanted ?? "")) ?? all[0] ?? {};
  }

  async qrcodes() {
    return list(await this.call("GET", "qrcodes"), "qrcodes");
  }

  async exchanges(query = "") {
    return list(await this.call("GET", `exchanges${query}`), "exchanges");
  }

  async loadClock() {
    this.setClock(await this.call("GET", "clock"));
  }

  setClock(clock) {
    const now = clock?.now_ms ?? clock?.at_ms ?? clock?.clock?.now_ms;
    if (Number.isFinite(now)) this.offset = now - Date.now();
  }

  /** Opens the stream. The browser reconnects by itself and names the last event it saw; when it gives up, we start again. */
  connect() {
    const source = new EventSource(`${this.base}/events`);
    source.onopen = () => {
      this.live = true;
      this.wait = 500;
      this.emit("status");
      // What happened between the first fetch and now, or while the line was down, may be older than the server's buffer.
      this.emit("gap");
    };
    source.onerror = () => {
      this.live = false;
      this.emit("status");
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(() => this.connect(), this.wait);
      this.wait = Math.min(this.wait * 2, 8000);
    };
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        let data;
        try {
          data = JSON.parse(event.data);
        } catch {
          return;
        }
        if (name === "clock") this.setClock(data);
        if (name === "account" && data.reset) this.emit("reset");
        this.emit(name, data);
      });
    }
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
