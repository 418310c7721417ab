// Our own drawn icons, on a grid of 24. Strokes take the colour of the text around them.

import { h, s } from "./dom.js";

const STROKES = {
  back: "M15 4.5 7.5 12l7.5 7.5",
  person: "M12 4.2a3.8 3.8 0 1 1 0 7.6a3.8 3.8 0 0 1 0-7.6zM4.5 20c.6-4.3 3.5-6.2 7.5-6.2s6.9 1.9 7.5 6.2z",
  keyboard:
    "M3 6.5h18v11H3zM6 9.5h.1M9 9.5h.1M12 9.5h.1M15 9.5h.1M18 9.5h.1M6 12h.1M9 12h.1M12 12h.1M15 12h.1M18 12h.1M8 15h8",
  list: "M4 7h16M4 12h16M4 17h16",
  plus: "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18zM12 7.8v8.4M7.8 12h8.4",
  smile: "M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18zM8.7 9.7h.1M15.2 9.7h.1M7.8 13.8c1.9 3.4 6.5 3.4 8.4 0",
  photo: "M3.5 5h17v14h-17zM3.5 16l5-5 4.5 4.5 3-3 4.5 4.5M15.5 8.8h.1",
  mic: "M12 3.5a2.7 2.7 0 0 1 2.7 2.7v5a2.7 2.7 0 0 1-5.4 0v-5A2.7 2.7 0 0 1 12 3.5zM6.5 11c0 7.3 11 7.3 11 0M12 16.6v4",
  film: "M3.5 6.5h11.5v11H3.5zM15 10.5l5.5-3v9l-5.5-3",
  pin: "M12 21c-4.6-5-6.8-8.3-6.8-11.2a6.8 6.8 0 0 1 13.6 0c0 2.9-2.2 6.2-6.8 11.2zM12 7.5a2.4 2.4 0 1 1 0 4.8a2.4 2.4 0 0 1 0-4.8z",
  link: "M10 14.5a4 4 0 0 1 0-5.7l3-3a4 4 0 0 1 5.7 5.7l-1.5 1.5M14 9.5a4 4 0 0 1 0 5.7l-3 3a4 4 0 0 1-5.7-5.7l1.5-1.5",
  scan: "M4 8.5V4h4.5M15.5 4H20v4.5M20 15.5V20h-4.5M8.5 20H4v-4.5M4.5 12h15",
  close: "M5.5 5.5l13 13M18.5 5.5l-13 13",
  play: "M8.5 5.5v13l10.5-6.5z",
  pause: "M8 5.5v13M16 5.5v13",
  sun: "M12 8a4 4 0 1 1 0 8a4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  auto: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17zM12 3.5v17M14.5 5.5v13M17 7.5v9",
  phone: "M7 2.5h10v19H7zM10.8 18.8h2.4",
  more: "M5.5 12h.1M12 12h.1M18.5 12h.1",
  down: "M6 9.5l6 6 6-6",
  chain: "M12 5.5a3 3 0 1 1 0 6M12 18.5a3 3 0 1 1 0-6M12 8v8",
  note: "M9 17.5V6l9-2v11.5M9 17.5a2.5 2.5 0 1 1-5 0a2.5 2.5 0 0 1 5 0zM18 15.5a2.5 2.5 0 1 1-5 0a2.5 2.5 0 0 1 5 0z",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM18 18h2v2h-2zM14 19.5h1M19.5 14h.5",
  record: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17zM12 8.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 0 1 0-7z",
  stop: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17zM9.3 9.3h5.4v5.4H9.3z",
  file: "M13.5 3H6v18h12V7.5zM13.5 3v4.5H18",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  download: "M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14",
  search: "M10.5 4.5a6 6 0 1 1 0 12a6 6 0 0 1 0-12zM15 15l5 5",
  alert: "M12 3.5a8.5 8.5 0 1 1 0 17a8.5 8.5 0 0 1 0-17zM12 8v5M12 16h.1",
};

/** One icon by name. It is decoration: the button around it carries the label. */
export function icon(name, size = 24) {
  return s(
    "svg",
    {
      class: `icon icon-${name}`,
      viewBox: "0 0 24 24",
      width: size,
      height: size,
      "aria-hidden": "true",
      focusable: "false",
    },
    s("path", {
      d: STROKES[name] ?? STROKES.alert,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.6,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/** The three arcs of a voice message; they open to the right. */
export function arcs() {
  const arc = (n, r) =>
    s("path", {
      class: `arc arc-${n}`,
      d: `M${6 + r * 0.72} ${12 - r * 0.72}A${r} ${r} 0 0 1 ${6 + r * 0.72} ${12 + r * 0.72}`,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 2,
      "stroke-linecap": "round",
    });
  return s(
    "svg",
    { class: "arcs", viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": "true" },
    s("circle", { cx: 6, cy: 12, r: 1.8, fill: "currentColor" }),
    arc(1, 6),
    arc(2, 10.5),
    arc(3, 15),
  );
}

/** A small number that depends on nothing but the text, for colours. */
export function hash(text) {
  let n = 2166136261;
  for (const c of String(text)) n = Math.imul(n ^ c.codePointAt(0), 16777619) >>> 0;
  return n;
}

/** The picture of a person: a face whose colours and hair come from the id. */
export function personAvatar(id, size = 40) {
  const n = hash(id),
    hue = n % 360;
  const skin = ["#f6d7bd", "#eec39f", "#d9a47b", "#b9825b"][(n >>> 9) % 4];
  const hair = ["#2b2320", "#4a3427", "#171a22", "#6b4a32"][(n >>> 12) % 4];
  const fringe = [
    "M11 17c0-8 4-11 9-11s9 3 9 11c-3-1-4-4-5-6-3 4-8 5-13 6z",
    "M11 18c-1-9 4-12.5 9-12.5S30 9 29 18c-1-3-2-5-4-6.5-4 1.5-9 1.5-11 .5-1.5 1.5-2.5 3-3 6z",
    "M11 16c1-7 4-10 9-10s8 3 9 10c-4-4-14-4-18 0z",
  ][(n >>> 15) % 3];
  return s(
    "svg",
    { class: "avatar", viewBox: "0 0 40 40", width: size, height: size, "aria-hidden": "true" },
    s("rect", { width: 40, height: 40, fill: `hsl(${hue} 42% 72%)` }),
    s("path", { d: "M6 40c1-9 7-12 14-12s13 3 14 12z", fill: `hsl(${(hue + 190) % 360} 40% 45%)` }),
    s("path", { d: "M17 24h6v6c-1.5 1.8-4.5 1.8-6 0z", fill: skin }),
    s("ellipse", { cx: 20, cy: 18.5, rx: 7.6, ry: 8.6, fill: skin }),
    s("path", { d: fringe, fill: hair }),
    s("path", {
      d: "M16.8 22.2q3.2 2.4 6.4 0",
      fill: "none",
      stroke: "#5b3b2b",
      "stroke-width": 1,
      "stroke-linecap": "round",
    }),
    s("circle", { cx: 17, cy: 18.6, r: 0.9, fill: "#2b2320" }),
    s("circle", { cx: 23, cy: 18.6, r: 0.9, fill: "#2b2320" }),
  );
}

/** The picture of an account: a goose on a colour of its own. */
export function accountAvatar(id, size = 40) {
  const hue = (hash(id) % 60) + 150;
  return s(
    "svg",
    { class: "avatar", viewBox: "0 0 40 40", width: size, height: size, "aria-hidden": "true" },
    s("rect", { width: 40, height: 40, fill: `hsl(${hue} 50% 27%)` }),
    s("circle", { cx: 29, cy: 11, r: 4.2, fill: "#f0b35a" }),
    s("path", { d: "M5 18c5-4 10-4 15 3 5-7 10-7 15-3-6-1-10 2-13 8l-2 5-2-5c-3-6-7-9-13-8z", fill: "#f6efe0" }),
  );
}

/** A round badge with an icon, for the ⊕ panel. */
export const tile = (name) => h("span", { class: "tile" }, icon(name, 26));
