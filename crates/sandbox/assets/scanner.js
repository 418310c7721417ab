// The scanner: a dark viewfinder that takes a poster from the wall, a typed address or ticket, or a picture.

import { button, h, show } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { open, pick, toast } from "./overlay.js";
import { isWebAddress } from "./text.js";
import { span } from "./time.js";
import { browse } from "./webview.js";

/** The address of a code's picture. */
const pictureOf = (store, ticket) => `${store.base}/qrcodes/${encodeURIComponent(ticket)}/picture`;

/** The words under a poster: its scene, and how long it lasts. */
export function posterState(code, now) {
  if (code.expired) return t("expired");
  if (code.permanent || !code.expires_at_ms) return t("permanent");
  return t("expires_in", { span: span(code.expires_at_ms - now) });
}

/** The posters as buttons. */
export function posters(store, codes, onpress) {
  const now = store.now();
  if (!codes.length) return h("p", { class: "posters-none" }, t("no_posters"));
  return h(
    "div",
    { class: "posters" },
    codes.map((code) =>
      button(
        {
          class: code.expired ? "poster expired" : "poster",
          "data-testid": "poster",
          "data-scene": code.scene,
          "data-ticket": code.ticket,
          title: code.url,
          onclick: () => onpress(code),
        },
        h("img", { src: pictureOf(store, code.ticket), alt: "", loading: "lazy" }),
        h("span", { class: "poster-scene" }, String(code.scene)),
        h("span", { class: "poster-state" }, posterState(code, now)),
      ),
    ),
  );
}

/** Finds the code that a text names: by ticket, by its address, or by the address of its picture. */
export function codeOf(codes, text) {
  const given = text.trim();
  const inPicture = /[?&]ticket=([^&#]+)/.exec(given);
  let ticket = given;
  if (inPicture)
    try {
      ticket = decodeURIComponent(inPicture[1]);
    } catch {
      /* the text stays as it was typed */
    }
  return codes.find((code) => code.ticket === ticket || code.url === given) ?? null;
}

/** Opens the scanner. `onresult(text)` takes the raw text for a menu button; without it the text is acted upon. */
export function openScanner(phone, { title, onresult } = {}) {
  const { store, screen } = phone;
  let codes = [];
  const wall = h("div", { class: "scanner-wall" });
  const input = h("input", {
    class: "scanner-input",
    type: "text",
    placeholder: t("scan_type"),
    "aria-label": t("scan_type"),
    autocomplete: "off",
    spellcheck: "false",
    "data-testid": "scan-input",
  });
  const use = (text) => {
    if (!text) return;
    close();
    if (onresult) onresult(text);
    else actOn(phone, codes, text);
  };
  const decode = async (file) => {
    try {
      use((await store.call("POST", "/_sandbox/decode", file)).text);
    } catch (error) {
      toast(screen, error.status === 0 ? error.message : t("no_code"));
    }
  };
  const node = h(
    "div",
    { class: "scanner", "data-testid": "scanner" },
    h(
      "header",
      { class: "nav dark" },
      button(
        { class: "nav-left", "aria-label": t("close"), "data-testid": "back", onclick: () => close() },
        icon("close"),
      ),
      h("h1", { class: "nav-title" }, title ?? t("scan")),
    ),
    h("div", { class: "finder" }, h("span", { class: "sweep" }), h("p", null, t("scan_hint"))),
    h(
      "form",
      {
        class: "scanner-form",
        onsubmit: (event) => {
          event.preventDefault();
          use(input.value.trim());
        },
      },
      input,
      h("button", { type: "submit", class: "primary", "data-testid": "scan-go" }, t("scan_go")),
    ),
    button(
      {
        class: "scanner-pick",
        "data-testid": "scan-pick",
        onclick: async () => {
          const [file] = await pick("image/png,image/jpeg");
          if (file) decode(file);
        },
      },
      icon("photo", 20),
      t("scan_pick"),
    ),
    h("h2", null, t("posters")),
    wall,
  );
  node.addEventListener("dragover", (event) => {
    event.preventDefault();
    node.classList.add("over");
  });
  node.addEventListener("dragleave", () => node.classList.remove("over"));
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    node.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) decode(file);
    else use(event.dataTransfer.getData("text/plain").trim());
  });
  node.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    decode(file);
  });
  const fill = async () => {
    try {
      codes = await store.qrcodes();
      show(
        wall,
        posters(store, codes, (code) => use(code.url || code.ticket)),
      );
    } catch (error) {
      show(wall, h("p", { class: "posters-none" }, error.message));
    }
  };
  const off = store.on("qrcode", fill);
  const close = open(screen, node, { label: title ?? t("scan"), dim: false, onclose: off });
  fill();
}

/** Looks for a code in a picture that is on the screen and acts on it. */
export async function scanPicture(phone, url) {
  try {
    const picture = await (await fetch(url)).blob();
    const { text } = await phone.store.call("POST", "/_sandbox/decode", picture);
    actOn(phone, await phone.store.qrcodes(), text);
  } catch {
    toast(phone.screen, t("no_code"));
  }
}

/** What the app does with the text of a code: an account's code is scanned, a web address opens, the rest is shown. */
export function actOn(phone, codes, text) {
  const code = codeOf(codes, text);
  if (code?.expired) toast(phone.screen, t("code_expired"));
  else if (code) phone.scan(code.ticket, code.scene);
  else if (isWebAddress(text)) browse(phone.screen, text);
  else toast(phone.screen, `${t("not_ours")}: ${text}`, 4000);
}
