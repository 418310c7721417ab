// What lies over the phone's screen: toasts, sheets, forms, the picture viewer. One place for focus, Escape and closing.

import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

const FOCUSABLE =
  "button:not([disabled]), [href], input:not([hidden]):not([disabled]), textarea, select, iframe, [tabindex='0']";

/** Puts `node` over the screen as a dialog. Returns the function that closes it. */
export function open(root, node, { label, onclose, dim = true, layer: look } = {}) {
  const before = document.activeElement;
  const layer = h(
    "div",
    { class: look ?? (dim ? "layer dim" : "layer"), role: "dialog", "aria-modal": "true", "aria-label": label },
    node,
  );
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    layer.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
    onclose?.();
  };
  layer.addEventListener("click", (event) => {
    if (event.target === layer) close();
  });
  layer.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
    if (event.key !== "Tab") return;
    const stops = [...layer.querySelectorAll(FOCUSABLE)].filter((one) => one.offsetParent !== null);
    if (!stops.length) return;
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
  });
  root.querySelector(".toast")?.remove();
  root.append(layer);
  (layer.querySelector("[data-first]") ?? layer.querySelector(FOCUSABLE))?.focus({ preventScroll: true });
  return close;
}

/** A short word that goes away by itself. */
export function toast(root, text, ms = 2200) {
  root.querySelector(".toast")?.remove();
  const node = h("div", { class: "toast", role: "status", "data-testid": "toast" }, text);
  root.append(node);
  setTimeout(() => node.remove(), ms);
}

/** A sheet from the bottom that asks; resolves to true or false. */
export function ask(root, { text, yes, danger }) {
  return new Promise((resolve) => {
    let answer = false;
    const close = open(
      root,
      h(
        "div",
        { class: "sheet" },
        h("p", { class: "sheet-text" }, text),
        button(
          {
            class: danger ? "sheet-row danger" : "sheet-row",
            "data-testid": "confirm",
            onclick: () => {
              answer = true;
              close();
            },
          },
          yes,
        ),
        h("div", { class: "sheet-gap" }),
        button({ class: "sheet-row", "data-testid": "cancel", onclick: () => close() }, t("cancel")),
      ),
      { label: text, onclose: () => resolve(answer) },
    );
  });
}

/** A card with fields; resolves to their values or null. `check` may name what is wrong. */
export function form(root, { title, fields, yes, check, desk = false }) {
  return new Promise((resolve) => {
    let answer = null;
    const inputs = {};
    const wrong = h("p", { class: "form-wrong", role: "alert" });
    const rows = fields.map((field, at) => {
      if (field.options) {
        inputs[field.name] = h(
          "select",
          { name: field.name, "data-testid": `field-${field.name}` },
          field.options.map(([value, text]) => h("option", { value, selected: value === field.value }, text)),
        );
        return h("label", { class: "field" }, h("span", null, field.label), inputs[field.name]);
      }
      inputs[field.name] = h("input", {
        type: field.type ?? "text",
        name: field.name,
        value: field.value ?? "",
        placeholder: field.placeholder,
        step: field.step,
        required: field.required,
        autocomplete: "off",
        "data-first": at === 0,
        "data-testid": `field-${field.name}`,
      });
      return h("label", { class: "field" }, h("span", null, field.label), inputs[field.name]);
    });
    const submit = (event) => {
      event.preventDefault();
      const values = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
      const problem = check?.(values);
      if (problem) {
        wrong.textContent = problem;
        return;
      }
      answer = values;
      close();
    };
    const close = open(
      root,
      h(
        "form",
        { class: "card-form", onsubmit: submit },
        h("h2", null, title),
        rows,
        wrong,
        h(
          "div",
          { class: "form-buttons" },
          button({ class: "plain", "data-testid": "cancel", onclick: () => close() }, t("cancel")),
          h("button", { type: "submit", class: "primary", "data-testid": "confirm" }, yes ?? t("ok")),
        ),
      ),
      { label: title, onclose: () => resolve(answer), layer: desk ? "desk-layer" : undefined },
    );
  });
}

/** Files from the person's disk. The input stays in the page until the next one, so that a test can fill it as well. */
export function pick(accept, multiple = false) {
  document.querySelector("input.picker")?.remove();
  return new Promise((resolve) => {
    const input = h("input", {
      type: "file",
      class: "picker",
      accept,
      multiple,
      hidden: true,
      "data-testid": "file",
    });
    input.addEventListener("change", () => {
      input.remove();
      resolve([...input.files]);
    });
    document.body.append(input);
    input.click();
  });
}

/** Gives a text to the person's disk. */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** The black picture viewer; `actions` are `[label, f]`. */
export function viewer(root, url, actions = []) {
  const close = open(
    root,
    h(
      "div",
      {
        class: "viewer",
        onclick: (event) => {
          if (event.target.tagName !== "BUTTON") close();
        },
      },
      h("img", { src: url, alt: t("picture") }),
      h(
        "div",
        { class: "viewer-actions" },
        actions.map(([label, run]) =>
          button(
            {
              onclick: () => {
                close();
                run();
              },
            },
            label,
          ),
        ),
      ),
      button({ class: "viewer-close", "aria-label": t("close"), onclick: () => close() }, icon("close")),
    ),
    { label: t("picture") },
  );
}

/** The black player for a video. */
export function film(root, url) {
  const node = h("video", { src: url, controls: true, autoplay: true, playsinline: true });
  node.addEventListener("error", () => {
    close();
    toast(root, t("cannot_play"));
  });
  const close = open(
    root,
    h(
      "div",
      { class: "viewer film", "data-testid": "film" },
      node,
      button({ class: "viewer-close", "aria-label": t("close"), onclick: () => close() }, icon("close")),
    ),
    { label: t("video") },
  );
}
