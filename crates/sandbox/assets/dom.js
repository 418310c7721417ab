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

/** Replaces everything in `node`. What had the focus and is drawn again keeps it: somebody may have only a keyboard. */
export function show(node, ...children) {
  const held = node.contains(document.activeElement) && document.activeElement !== node ? document.activeElement : null;
  const name = held && named(held);
  node.replaceChildren();
  put(node, children);
  if (!name) return node;
  if (held.isConnected) held.focus({ preventScroll: true });
  else [...node.querySelectorAll(`[data-testid="${held.dataset.testid}"]`)].find((one) => named(one) === name)?.focus({ preventScroll: true });
  return node;
}

/** What tells an element from its neighbours: its mark, and whom or what it is about. */
function named(node) {
  const { testid, openid, ticket, id, seconds, key } = node.dataset;
  return testid && [testid, openid, ticket, id, seconds, key].join(" ");
}

/** Brings nodes that mostly stand there already into this order; those that stay are not touched. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const old of [...parent.children]) if (!wanted.has(old)) old.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

/** A button that holds an icon or a text; `label` is what a screen reader says. */
export const button = (attrs, ...children) => h("button", { type: "button", ...attrs }, ...children);
