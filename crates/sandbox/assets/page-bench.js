// The page `/`: one phone or two beside what travels and what the sandbox knows.

import { button, h } from "./dom.js";
import { chrome } from "./chrome.js";
import { ExchangeList } from "./exchange-list.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { Phone } from "./phone.js";
import { address, apology, begin, people } from "./start.js";
import { StatePanel } from "./state-panel.js";
import { offlineLine, toolbar } from "./toolbar.js";

const begun = await begin(apology);
if (begun) {
  const { world, store, query } = begun;
  const stage = document.getElementById("stage");
  const phone = new Phone(world, store);
  const panel = new StatePanel(world, phone);
  const list = new ExchangeList(world);
  const bar = toolbar(phone, { look: false });
  stage.append(
    h("div", { class: "seat" }, bar.node, offlineLine(store), phone.node),
  );
  document.getElementById("exchanges").append(list.node);
  document.getElementById("state").append(panel.node);
  let second = null;

  /** Puts a second phone on the bench, for somebody else, or takes it away. */
  const pair = async (on) => {
    document.body.dataset.phones = on ? "2" : "1";
    if (!on) {
      second?.remove();
      second = null;
      return;
    }
    const other = new Phone(world, phone.store);
    const otherBar = toolbar(other, { look: false });
    second = h("div", { class: "seat", "data-testid": "second" }, otherBar.node, other.node);
    stage.append(second);
    await people(other, {
      name: "user2",
      wanted: new URLSearchParams(location.search).get("user2"),
      not: phone.person?.openid,
      ondraw: () => otherBar.draw(),
    });
  };
  const draw = chrome("bench", {
    phone: true,
    extra: () =>
      button(
        {
          class: second ? "tool on" : "tool",
          "data-testid": "two-phones",
          "aria-pressed": String(Boolean(second)),
          onclick: async () => {
            address("phones", second ? null : "2");
            if (second) address("user2", null);
            await pair(!second);
            draw();
          },
        },
        icon("phone", 18),
        t("two_phones"),
      ),
  });
  await people(phone, {
    name: "user",
    wanted: query.get("user"),
    remembered: true,
    ondraw: () => {
      bar.draw();
      panel.soon();
    },
  });
  if (query.get("phones") === "2") {
    await pair(true);
    draw();
  }
  list.load();
  panel.load();
}
