// The page `/`: the phone beside what travels and what the sandbox knows.

import { h, show } from "./dom.js";
import { ExchangeList } from "./exchange-list.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { toast } from "./overlay.js";
import { Phone } from "./phone.js";
import { onChange } from "./settings.js";
import { start } from "./start.js";
import { StatePanel } from "./state-panel.js";
import { offlineLine, toolbar } from "./toolbar.js";

start(async (store, begin) => {
  const phone = new Phone(store);
  const bar = toolbar(phone);
  const list = new ExchangeList(store);
  const panel = new StatePanel(store, phone);
  document.getElementById("stage").append(bar.node, offlineLine(store), phone.node);
  document.getElementById("exchanges").append(list.node);
  document.getElementById("state").append(panel.node);
  const chrome = () => {
    show(
      document.getElementById("top"),
      h(
        "span",
        { class: "brand" },
        h("img", { src: "/_assets/icon.svg", alt: "", width: 26, height: 26 }),
        h("b", null, "鸿雁 Hongyan"),
        h("span", { class: "brand-sub" }, t("bench")),
      ),
      h("nav", null, h("a", { href: "/phone", class: "tool" }, icon("phone", 18), t("only_phone"))),
    );
    document.getElementById("footer").textContent = t("footer");
  };
  onChange((name) => {
    if (name === "lang") chrome();
  });
  chrome();
  await begin(
    phone,
    () => {
      bar.draw();
      panel.draw();
    },
    (error) => toast(phone.screen, t("no_server", { why: error.message }), 8000),
  );
  list.load();
  panel.load();
});
