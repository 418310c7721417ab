// What can be done with an exchange: send it again, send it changed, take it along.

import { button, h } from "./dom.js";
import { t } from "./i18n.js";
import { open } from "./overlay.js";
import { readable } from "./pretty.js";

const path = (exchange, verb) => `exchanges/${encodeURIComponent(exchange.id)}/${verb}`;

/** Sends the push once more; answers the new exchange. */
export const resend = (store, exchange, new_msg_id) => store.call("POST", path(exchange, "resend"), { new_msg_id });

/** Asks for the message, sends it; answers the new exchange, or null when nothing was sent. */
export async function editAndResend(store, exchange) {
  const written = exchange.request?.plain ?? exchange.request?.body ?? "";
  const xml = await edit(readable(written));
  return xml === null ? null : store.call("POST", path(exchange, "resend"), { xml });
}

function edit(text) {
  return new Promise((resolve) => {
    let answer = null;
    const area = h("textarea", { "aria-label": t("edit_resend"), spellcheck: "false", "data-testid": "edit-text", "data-first": true });
    area.value = text;
    const close = open(
      document.body,
      h(
        "div",
        { class: "dialog" },
        h("h2", null, t("edit_resend")),
        area,
        h(
          "div",
          { class: "tools" },
          button({ class: "tool", "data-testid": "cancel", onclick: () => close() }, t("cancel")),
          button(
            {
              class: "tool primary",
              "data-testid": "confirm",
              onclick: () => {
                answer = area.value;
                close();
              },
            },
            t("send"),
          ),
        ),
      ),
      { label: t("edit_resend"), onclose: () => resolve(answer), layer: "desk-layer" },
    );
  });
}

async function copy(text) {
  await navigator.clipboard?.writeText(text).catch(() => {});
  return text;
}

const textOf = (answer, name) => (typeof answer === "string" ? answer : (answer?.[name] ?? JSON.stringify(answer, null, 2)));

/** The exchange as a command line. */
export async function copyCurl(store, exchange) {
  return copy(textOf(await store.call("GET", path(exchange, "curl")), "curl"));
}

/** The exchange as a step of a scenario file. */
export async function copyStep(store, exchange) {
  return copy(textOf(await store.call("GET", path(exchange, "step")), "step"));
}
