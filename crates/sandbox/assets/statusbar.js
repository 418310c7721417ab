// The line at the top of the screen: the time, and the signs of a phone that is well.

import { h, s } from "./dom.js";

/** Builds the line around the node that shows the time. */
export function statusBar(time) {
  const bars = s(
    "svg",
    { viewBox: "0 0 60 14", width: 60, height: 14, "aria-hidden": "true", fill: "currentColor" },
    [0, 1, 2, 3].map((n) => s("rect", { x: n * 4.5, y: 9 - n * 2.4, width: 3, height: 4 + n * 2.4, rx: 0.8 })),
    s("path", { d: "M22 5.5q6-5 12 0l-1.4 1.6q-4.6-3.8-9.2 0zM25 9q3-2.5 6 0l-3 3.2z" }),
    s("rect", {
      x: 38,
      y: 2,
      width: 17,
      height: 9.5,
      rx: 2.6,
      fill: "none",
      stroke: "currentColor",
      "stroke-opacity": 0.5,
    }),
    s("rect", { x: 39.6, y: 3.6, width: 12, height: 6.3, rx: 1.4 }),
    s("rect", { x: 56.4, y: 5, width: 1.6, height: 3.6, rx: 0.8, "fill-opacity": 0.5 }),
  );
  return h("div", { class: "status-bar" }, time, bars);
}
