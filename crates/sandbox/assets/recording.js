// What is being recorded: the sandbox writes a scenario of everything people do; this follows how it grows.

export class Recording extends EventTarget {
  constructor(world, { fail }) {
    super();
    Object.assign(this, { store: world.stores[0], fail, on: false, steps: 0, file: "" });
    const look = () => {
      if (this.on) this.soon();
    };
    world.stream.on("event", look);
    world.stream.on("gap", () => this.load());
  }

  /** An act is in the recording a moment after its exchange is told. */
  soon() {
    clearTimeout(this.later);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.load();
    }, 150);
    this.later = setTimeout(() => this.load(), 800);
  }

  async load() {
    const state = await this.store.call("GET", "/_sandbox/record").catch(() => null);
    if (!state) return;
    if (state.recording) this.file = await this.store.call("GET", "/_sandbox/record/file").catch(() => this.file);
    this.become(state.recording, state.steps);
  }

  become(on, steps) {
    this.on = on;
    this.steps = steps;
    this.dispatchEvent(new Event("change"));
  }

  async start() {
    try {
      const state = await this.store.call("POST", "/_sandbox/record/start", {});
      this.file = "";
      this.become(state.recording, state.steps);
      this.soon();
    } catch (error) {
      this.fail(error);
    }
  }

  async stop() {
    clearTimeout(this.later);
    try {
      this.file = await this.store.call("POST", "/_sandbox/record/stop", {});
    } catch (error) {
      this.fail(error);
    }
    this.become(false, this.steps);
  }

  onchange(listener) {
    this.addEventListener("change", listener);
  }
}
