// The bar beside the phone: who acts, the scanner, and how the page looks.

import { button, h, show } from "./dom.js";
import { icon, personAvatar } from "./icons.js";
import { t } from "./i18n.js";
import { openScanner } from "./scanner.js";
import { get, onChange, set } from "./settings.js";
import { switchUser } from "./users.js";

const SIZES = ["375x812", "390x844", "360x640"];
const THEMES = { auto: ["light", "auto"], light: ["dark", "sun"], dark: ["auto", "moon"] };

/** Language, theme and screen size: the same on every page. */
export function lookControls({ phone = true } = {}) {
  const theme = get("theme"),
    [next, picture] = THEMES[theme] ?? THEMES.auto;
  return [
    phone && h(
      "select",
      {
        "aria-label": t("size"),
        title: t("size"),
        "data-testid": "size",
        onchange: (event) => set("size", event.target.value),
      },
      SIZES.map((size) => h("option", { value: size, selected: size === get("size") }, size.replace("x", "×"))),
    ),
    phone && button(
      {
        class: get("type") === "large" ? "tool on" : "tool",
        "aria-label": t("large_type"),
        "aria-pressed": String(get("type") === "large"),
        title: t("large_type"),
        "data-testid": "large-type",
        onclick: () => set("type", get("type") === "large" ? "normal" : "large"),
      },
      h("span", { class: "large-a", "aria-hidden": "true" }, "A", h("small", null, "A")),
    ),
    button(
      {
        class: "tool",
        "aria-label": t(`theme_${theme}`),
        title: t(`theme_${theme}`),
        "data-testid": "theme",
        onclick: () => set("theme", next),
      },
      icon(picture, 18),
    ),
    button(
      {
        class: "tool",
        "data-testid": "language",
        lang: get("lang") === "zh" ? "en" : "zh-CN",
        onclick: () => set("lang", get("lang") === "zh" ? "en" : "zh"),
      },
      t("language"),
    ),
  ];
}

/** The bar of one phone. `draw` names the person; a change of look builds it anew. */
export function toolbar(phone, { look = true } = {}) {
  const node = h("div", { class: "toolbar", role: "toolbar", "aria-label": t("phone") });
  const face = h("span", { class: "who-face" }),
    name = h("span");
  const draw = () => {
    show(face, personAvatar(phone.person?.openid ?? "", 22));
    name.textContent = phone.person?.nickname ?? "…";
    node.querySelector(".who")?.setAttribute("aria-label", `${t("switch_user")}: ${name.textContent}`);
  };
  const build = () =>
    show(
      node,
      button(
        {
          class: "tool who",
          "data-testid": "user-switch",
          title: t("switch_user"),
          onclick: () => switchUser(phone),
        },
        face,
        name,
        icon("down", 14),
      ),
      button(
        { class: "tool", "data-testid": "scan", onclick: () => openScanner(phone) },
        icon("scan", 18),
        t("scan"),
      ),
      h("span", { class: "toolbar-gap" }),
      look && lookControls(),
    );
  onChange((setting) => {
    if (setting === "person") return;
    build();
    draw();
  });
  build();
  draw();
  return { node, draw };
}

/** The line that says the stream is down. */
export function offlineLine(store) {
  const node = h("div", { class: "offline", role: "status", hidden: true }, t("offline"));
  let timer;
  store.on("status", () => {
    clearTimeout(timer);
    if (store.live) node.hidden = true;
    else
      timer = setTimeout(() => {
        node.textContent = t("offline");
        node.hidden = false;
      }, 800);
  });
  return node;
}
