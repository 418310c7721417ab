// The accounts of the sandbox, each with its own client, and the people who have a phone with all of them on it.

import { Store } from "./store.js";
import { Stream } from "./stream.js";

export class World {
  constructor() {
    this.stream = new Stream();
    this.stores = [];
    this.frozen = null;
    this.scale = 1;
    this.stream.on("status", () => this.each((store) => store.emit("status")));
    this.stream.on("gap", () => this.each((store) => store.emit("gap")));
    this.stream.on("event", ({ name, data }) => {
      if (name === "clock") this.setClock(data);
      const reset = name === "account" && data.reset;
      this.each((store) => {
        if (data.app_id && data.app_id !== store.app_id) return;
        if (name === "account" && data.account) store.known = data.account;
        if (name === "user") store.learn(data.user);
        store.emit(name, data);
        if (reset) store.emit("reset", data);
      });
    });
  }

  each(run) {
    for (const store of this.stores) run(store);
  }

  get live() {
    return this.stream.live;
  }

  /** Finds the accounts; the store of the first, or of the one that is named. */
  async load(wanted) {
    const first = new Store(this, null);
    const accounts = await first.accounts();
    this.stores = accounts.map((account) => new Store(this, account.app_id, account));
    if (!this.stores.length) this.stores = [first];
    return this.store(wanted);
  }

  store(app_id) {
    return this.stores.find((one) => one.app_id === app_id) ?? this.stores[0];
  }

  /** Now, by the sandbox's clock. */
  now() {
    if (this.frozen !== null) return this.frozen;
    return this.at ? this.read + (Date.now() - this.at) * this.scale : Date.now();
  }

  setClock(clock) {
    const given = clock?.clock ?? clock;
    const now = given?.now_ms ?? given?.at_ms;
    if (!Number.isFinite(now)) return;
    this.clock = given;
    this.frozen = given.mode === "frozen" ? now : null;
    this.scale = given.factor > 0 ? given.factor : 1;
    this.read = now;
    this.at = Date.now();
  }

  /** The same person as another account knows them: every account lists its people in the same order. */
  async twin(openid, from, to) {
    if (from === to) return openid;
    const [here, there] = await Promise.all([from.loadUsers(), to.loadUsers()]);
    const at = here.findIndex((one) => one.openid === openid);
    if (at < 0) return null;
    const same = (one) => one && one.nickname === here[at].nickname;
    return (same(there[at]) ? there[at] : there.find(same))?.openid ?? null;
  }
}
