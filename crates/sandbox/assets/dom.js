// Builds elements. Every string becomes a text node, so nothing a person or an account writes is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attrs, children) {
  for (const [name, value] of Object.entries(attrs ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  put(node, children);
  return node;
}

function put(node, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false) continue;
    if (Array.isArray(child)) put(node, child);
    else node.append(child);
  }
}

/** An HTML element: `h("p", { class: "x", onclick: f }, "text", otherNode)`. */
export const h = (tag, attrs, ...children) => fill(document.createElement(tag), attrs, children);

/** An SVG element, built the same way. */
export const s = (tag, attrs, ...children) => fill(document.createElementNS(SVG, tag), attrs, children);

/** Replaces everything in `node`. */
export function show(node, ...children) {
  node.replaceChildren();
  put(node, children);
  return node;
}

/** A button that holds an icon or a text; `label` is what a screen reader says. */
export const button = (attrs, ...children) => h("button", { type: "button", ...attrs }, ...children);
