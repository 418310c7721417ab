// The page `/phone`: one phone, and the bar above it.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { toast } from "./overlay.js";
import { Phone } from "./phone.js";
import { start } from "./start.js";
import { onChange } from "./settings.js";
import { offlineLine, toolbar } from "./toolbar.js";

start(async (store, begin) => {
  const phone = new Phone(store);
  const bar = toolbar(phone);
  document.getElementById("stage").append(bar.node, offlineLine(store), phone.node);
  const footer = () =>
    document.getElementById("footer").replaceChildren(h("a", { href: "/" }, t("bench")), ` · ${t("footer")}`);
  onChange((name) => {
    if (name === "lang") footer();
  });
  footer();
  await begin(
    phone,
    () => bar.draw(),
    (error) => toast(phone.screen, t("no_server", { why: error.message }), 8000),
  );
});
