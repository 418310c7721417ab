// A card with several sides, of which one shows: the tabs above, from the keyboard too.

import { button, h, show } from "./dom.js";
import { t } from "./i18n.js";
import { onChange } from "./settings.js";

export class Tabs {
  /** `sides` are `{name, node, head}`; the head stands beside the tabs. `onchoose(name)` is told of a choice. */
  constructor(sides, { label, onchoose = () => {} }) {
    Object.assign(this, { sides, onchoose });
    this.list = h("div", { class: "tabs", role: "tablist", onkeydown: (event) => this.keys(event) });
    this.head = h("div", { class: "deck-tools" });
    this.body = h("div", { class: "deck-body", role: "tabpanel", id: "deck-body" });
    this.node = h("div", { class: "panel deck" }, h("div", { class: "deck-head" }, this.list, this.head), this.body);
    this.label = label;
    this.open = sides[0].name;
    onChange((name) => {
      if (name === "lang") this.draw();
    });
    this.draw();
  }

  draw() {
    this.list.setAttribute("aria-label", t(this.label));
    show(
      this.list,
      this.sides.map(({ name }) =>
        button(
          {
            class: "tab",
            role: "tab",
            id: `card-${name}`,
            "data-testid": `card-${name}`,
            "aria-selected": String(name === this.open),
            "aria-controls": "deck-body",
            tabindex: name === this.open ? "0" : "-1",
            onclick: () => this.choose(name),
          },
          t(name),
        ),
      ),
    );
    const side = this.sides.find(({ name }) => name === this.open);
    this.body.setAttribute("aria-labelledby", `card-${this.open}`);
    if (this.body.firstChild !== side.node) this.body.replaceChildren(side.node);
    if (this.head.firstChild !== side.head) this.head.replaceChildren(side.head);
  }

  choose(name) {
    if (!this.sides.some((side) => side.name === name)) return;
    this.open = name;
    this.draw();
    this.onchoose(name);
  }

  keys(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = this.sides.map(({ name }) => name);
    this.choose(names[(names.indexOf(this.open) + step + names.length) % names.length]);
    this.list.querySelector('[aria-selected="true"]').focus();
  }
}
