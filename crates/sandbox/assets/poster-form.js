// A new poster by hand: the scene, and how long it lasts.

import { t } from "./i18n.js";
import { form } from "./overlay.js";

const LIVES = [
  ["60", "1 min"],
  ["3600", "1 h"],
  ["86400", "1 d"],
  ["2592000", "30 d"],
];

/** Asks and creates; resolves to the new code or null. `fail(error)` shows a refusal. */
export async function newPoster(store, fail) {
  const values = await form(document.body, {
    title: t("new_poster"),
    yes: t("create"),
    desk: true,
    fields: [
      { name: "scene", label: t("scene"), placeholder: "spring / 42", required: true },
      { name: "life", label: t("lasts"), value: "2592000", options: [...LIVES, ["permanent", t("permanent")]] },
    ],
    check: ({ scene }) => (scene.length >= 1 && scene.length <= 64 ? null : t("scene_bad")),
  });
  if (!values) return null;
  const scene = /^[1-9]\d{0,9}$/.test(values.scene) && Number(values.scene) < 2 ** 32 ? Number(values.scene) : values.scene;
  const life = values.life === "permanent" ? { permanent: true } : { expire_seconds: Number(values.life) };
  return store.call("POST", "qrcodes", { scene, ...life }).catch((error) => {
    fail(error);
    return null;
  });
}
