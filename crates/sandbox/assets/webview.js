// The browser inside the app. Pages of this machine open in a frame; the rest of the web is named, not loaded.

import { button, h } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { open } from "./overlay.js";

function loadable(url) {
  try {
    const { protocol, hostname } = new URL(url, location.href);
    return /^https?:$/.test(protocol) && ["localhost", "127.0.0.1", location.hostname].includes(hostname);
  } catch {
    return false;
  }
}

function screen(root, title, body) {
  const close = open(
    root,
    h(
      "div",
      { class: "webview", "data-testid": "webview" },
      h(
        "header",
        { class: "nav" },
        button(
          { class: "nav-left", "aria-label": t("close"), "data-testid": "back", onclick: () => close() },
          icon("close"),
        ),
        h("h1", { class: "nav-title" }, title),
      ),
      body,
    ),
    { label: title, dim: false },
  );
}

/** Opens an address. */
export function browse(root, url, title) {
  if (loadable(url)) {
    // Web login asks whose phone it is; cookies are the same for every port of this machine.
    const user = root.dataset.user;
    if (user) document.cookie = `sandbox_user=${encodeURIComponent(user)}; path=/; samesite=lax`;
    // The sandbox's own pages are trusted; whatever else runs on this machine may not steer the phone.
    const own = new URL(url, location.href).origin === location.origin;
    screen(
      root,
      title || new URL(url, location.href).host,
      h("iframe", {
        src: url,
        title: title || url,
        sandbox: own ? null : "allow-scripts allow-forms allow-same-origin allow-popups",
      }),
    );
    return;
  }
  let host = url;
  try {
    host = new URL(url).host;
  } catch {
    /* shown as it is */
  }
  screen(
    root,
    title || host,
    h(
      "div",
      { class: "stub" },
      icon("link", 40),
      h("p", null, t("webview_note")),
      h("p", { class: "stub-address" }, url),
      /^https?:/i.test(url) &&
        h("a", { class: "primary", href: url, target: "_blank", rel: "noopener noreferrer" }, t("open_tab")),
    ),
  );
}

/** Stands in for a mini program. */
export function miniProgram(root, { title, appid, path }) {
  screen(
    root,
    title || t("mini"),
    h(
      "div",
      { class: "stub" },
      icon("chain", 40),
      h("p", null, t("mini_stub")),
      h("p", { class: "stub-address" }, [appid, path].filter(Boolean).join(" · ")),
    ),
  );
}

/** Stands in for an article that has no address here. */
export function article(root, { title, text }) {
  screen(
    root,
    title || t("read_article"),
    h("div", { class: "stub" }, icon("photo", 40), h("p", null, text || t("article_stub"))),
  );
}
