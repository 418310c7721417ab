// The one event stream of the page. However many accounts and phones a page shows, the browser holds one line to the sandbox.

const EVENTS = ["message", "exchange", "user", "menu", "clock", "qrcode", "account", "fault", "scenario"];

export class Stream extends EventTarget {
  constructor(address = "/_sandbox/events?accounts=all") {
    super();
    this.address = address;
    this.live = false;
    this.wait = 500;
    // A browser keeps the pages one leaves for the way back, and their lines with them: six such pages and nothing loads.
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.connect();
    });
  }

  /** Opens the stream. The browser reconnects by itself and names the last event it saw; when it gives up, we start again. */
  connect() {
    const source = new EventSource(this.address);
    this.source = source;
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
        this.emit("event", { name, data });
      });
    }
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(name, listener) {
    this.addEventListener(name, (event) => listener(event.detail));
  }
}
