// The page `/phone`: one phone, and the bar above it.

import { h } from "./dom.js";
import { t } from "./i18n.js";
import { Phone } from "./phone.js";
import { apology, begin, people } from "./start.js";
import { onChange } from "./settings.js";
import { offlineLine, toolbar } from "./toolbar.js";

const begun = await begin(apology);
if (begun) {
  const { world, store, query } = begun;
  const phone = new Phone(world, store);
  const bar = toolbar(phone);
  document.getElementById("stage").append(bar.node, offlineLine(store), phone.node);
  const footer = () =>
    document
      .getElementById("footer")
      .replaceChildren(
        h("a", { href: "/" }, t("bench")),
        " · ",
        h("a", { href: "/inspect" }, t("inspector")),
        ` · ${t("footer")}`,
      );
  onChange((name) => {
    if (name === "lang") footer();
  });
  footer();
  people(phone, { name: "user", wanted: query.get("user"), remembered: true, ondraw: () => bar.draw() });
}
