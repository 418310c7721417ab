// A list of any length of which only the lines on the screen exist.

import { h } from "./dom.js";

const AROUND = 8;

export class Rows {
  /** `ledger` gives `shown.length` and `at(place)`; `draw(row)` makes the node of a line; `height` is that of every line. */
  constructor({ ledger, draw, height, label, empty }) {
    Object.assign(this, { ledger, draw, height, empty });
    this.nodes = new Map();
    this.inner = h("div", { class: "rows-inner", role: "list", "aria-label": label });
    this.node = h("div", { class: "rows", "data-testid": "exchanges", tabindex: "0", "aria-label": label, role: "group" }, this.inner);
    this.node.addEventListener("scroll", () => this.ask());
    new ResizeObserver(() => this.ask()).observe(this.node);
  }

  /** Paints with the next frame, once, however often it is asked. */
  ask() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  /** Everything has changed: the filter, the language. */
  renew() {
    this.nodes.clear();
    this.inner.replaceChildren();
    this.paint();
  }

  /** Who reads further down keeps their place when new lines come on top. */
  grew(by) {
    if (this.node.scrollTop > this.height) this.node.scrollTop += by * this.height;
    this.ask();
  }

  paint() {
    const count = this.ledger.shown.length;
    this.inner.style.setProperty("height", `${Math.max(1, count) * this.height}px`);
    const first = Math.max(0, Math.floor(this.node.scrollTop / this.height) - AROUND);
    const last = Math.min(count, Math.ceil((this.node.scrollTop + this.node.clientHeight) / this.height) + AROUND);
    const kept = new Set();
    for (let place = first; place < last; place += 1) {
      const row = this.ledger.at(place);
      kept.add(row.id);
      let node = this.nodes.get(row.id);
      if (!node || node.row !== row || node.stamp !== `${row.outcome}${row.codes}${row.tries}`) {
        node?.remove();
        node = this.draw(row);
        node.row = row;
        node.stamp = `${row.outcome}${row.codes}${row.tries}`;
        this.nodes.set(row.id, node);
        this.inner.append(node);
      }
      node.style.setProperty("transform", `translateY(${place * this.height}px)`);
    }
    for (const [id, node] of this.nodes) {
      if (kept.has(id)) continue;
      node.remove();
      this.nodes.delete(id);
    }
    this.empty.hidden = count > 0;
  }

  /** Brings a place into view. */
  reveal(place) {
    const top = place * this.height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + this.height > this.node.scrollTop + this.node.clientHeight)
      this.node.scrollTop = top + this.height - this.node.clientHeight;
    this.paint();
  }
}
