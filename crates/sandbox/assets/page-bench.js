// The page `/`: one phone or two beside what travels and what the sandbox knows.

import { button, h } from "./dom.js";
import { chrome } from "./chrome.js";
import { ExchangeList } from "./exchange-list.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { toast } from "./overlay.js";
import { ScenarioPanel } from "./panel-scenario.js";
import { SettingsPanel } from "./panel-settings.js";
import { Phone } from "./phone.js";
import { Recording } from "./recording.js";
import { onChange } from "./settings.js";
import { address, apology, begin, people } from "./start.js";
import { StatePanel } from "./state-panel.js";
import { Tabs } from "./tabs.js";
import { offlineLine, toolbar } from "./toolbar.js";

const begun = await begin(apology);
if (begun) {
  const { world, store, query } = begun;
  const stage = document.getElementById("stage");
  const phone = new Phone(world, store);
  const panel = new StatePanel(world, phone);
  const list = new ExchangeList(world, {
    onstep: async (exchange, name) => {
      const step = await world.store(exchange.app_id).call("GET", `exchanges/${exchange.id}/step`).catch(fail);
      if (!step) return;
      scenario.add(typeof step === "string" ? step : (step.step ?? ""), exchange.user && { name, following: Boolean(exchange.state?.before?.following) });
      said(t("step_added"));
    },
  });
  const bar = toolbar(phone, { look: false });
  stage.append(
    h("div", { class: "seat" }, bar.node, offlineLine(store), phone.node),
  );
  const said = (text) => toast(phone.screen, `✓ ${text}`);
  const fail = (error) => toast(phone.screen, error.message, 5000);
  const recording = new Recording(world, { fail });
  const scenario = new ScenarioPanel(world, recording, { show: (openid) => phone.become(openid), said, fail });
  const settings = new SettingsPanel(() => phone.store, { said, fail });
  const tabs = new Tabs(
    [
      { name: "exchanges", node: list.node, head: list.head },
      { name: "scenario", node: scenario.node, head: scenario.head },
      { name: "settings", node: settings.node, head: settings.head },
    ],
    {
      label: "cards",
      onchoose: (name) => {
        address("tab", name === "exchanges" ? null : name);
        if (name === "settings") settings.load();
      },
    },
  );
  document.getElementById("exchanges").append(tabs.node);
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
  const twice = button({
    class: "tool",
    "data-testid": "two-phones",
    onclick: async () => {
      address("phones", second ? null : "2");
      if (second) address("user2", null);
      await pair(!second);
      draw();
    },
  });
  const tape = button({
    class: "tool record",
    "data-testid": "record",
    onclick: async () => {
      if (recording.on) {
        await recording.stop();
        return;
      }
      await recording.start();
      if (recording.on) tabs.choose("scenario");
    },
  });
  const draw = () => {
    twice.className = second ? "tool on" : "tool";
    twice.setAttribute("aria-pressed", String(Boolean(second)));
    twice.replaceChildren(icon("phone", 18), t("two_phones"));
    tape.className = recording.on ? "tool record on" : "tool record";
    tape.setAttribute("aria-pressed", String(recording.on));
    tape.replaceChildren(icon(recording.on ? "stop" : "record", 18), recording.on ? t("stop_recording", { count: recording.steps }) : t("record"));
  };
  chrome("bench", { phone: true, more: [tape, twice] });
  recording.onchange(draw);
  onChange((name) => {
    if (name === "lang") draw();
  });
  draw();
  recording.load();
  tabs.choose(query.get("tab") ?? "exchanges");
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
