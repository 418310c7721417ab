// The bar at the top of the wide pages: where one is, where one can go, how the page looks.

import { h, show } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { onChange } from "./settings.js";
import { lookControls } from "./toolbar.js";

const PAGES = [
  ["bench", "/", "list"],
  ["only_phone", "/phone", "phone"],
  ["inspector", "/inspect", "scan"],
];

/** Draws the bar and the footer; `more` are further controls, `phone` says whether a phone is shown. */
export function chrome(here, { more = [], phone = false } = {}) {
  const draw = () => {
    document.title = `鸿雁 Hongyan · ${t(here)}`;
    show(
      document.getElementById("top"),
      h(
        "span",
        { class: "brand" },
        h("img", { src: "/_assets/icon.svg", alt: "", width: 26, height: 26 }),
        h("b", null, "鸿雁 Hongyan"),
        h("span", { class: "brand-sub" }, t(here)),
      ),
      h(
        "nav",
        { class: "chrome", "aria-label": t("pages") },
        more,
        PAGES.filter(([name]) => name !== here).map(([name, href, picture]) =>
          h("a", { href, class: "tool", "data-testid": `to-${name}` }, icon(picture, 18), t(name)),
        ),
        lookControls({ phone }),
      ),
    );
    document.getElementById("footer").textContent = t("footer");
  };
  onChange((name) => {
    if (name !== "person") draw();
  });
  draw();
  return draw;
}
