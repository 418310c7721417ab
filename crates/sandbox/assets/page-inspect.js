// The pages `/inspect` and `/inspect/{id}`: every exchange in both directions, and one of them in full.

import { chrome } from "./chrome.js";
import { InspectList } from "./inspect-list.js";
import { InspectPanel } from "./inspect-panel.js";
import { onChange } from "./settings.js";
import { apology, begin } from "./start.js";
import { offlineLine } from "./toolbar.js";

const idOf = () => Number(/\/inspect\/(\d+)/.exec(location.pathname)?.[1] ?? 0) || null;
const filterOf = () => {
  const query = new URLSearchParams(location.search);
  query.delete("account");
  return Object.fromEntries(query);
};

const begun = await begin(apology);
if (begun) {
  const { world } = begun;
  chrome("inspector");
  const nickname = (openid) => list.people.get(openid) ?? "";
  const panel = new InspectPanel({ nickname, onopen: (id) => go(id), onclose: () => go(null) });
  const list = new InspectList(world.stores, {
    wanted: filterOf(),
    onopen: (id) => go(id),
    onfilter: (wanted) => {
      const query = String(new URLSearchParams(wanted));
      history.replaceState(null, "", location.pathname + (query ? `?${query}` : ""));
    },
  });
  document.getElementById("list").append(offlineLine(world.stores[0]), list.node);
  document.getElementById("detail").append(panel.node);
  let wanted = null;

  const open = async (id) => {
    wanted = id;
    document.body.dataset.open = String(id !== null);
    list.select(id);
    if (id === null) {
      panel.clear();
      return;
    }
    for (const store of world.stores) {
      const found = await store.exchange(id).catch(() => null);
      if (wanted !== id) return;
      if (found) {
        panel.open(found, world.store(found.app_id));
        return;
      }
    }
    panel.missing(id);
  };
  const go = (id) => {
    history.pushState(null, "", (id === null ? "/inspect" : `/inspect/${id}`) + location.search);
    open(id);
  };
  addEventListener("popstate", () => open(idOf()));
  // An exchange that is still on its way opens when it has ended.
  for (const store of world.stores) {
    store.on("exchange", (data) => {
      const id = Number((data.exchange ?? data).id);
      if (id === wanted && !panel.exchange) open(id);
    });
  }
  onChange((name) => {
    if (name !== "lang") return;
    list.redraw();
    if (panel.exchange) panel.draw();
    else if (wanted === null) panel.clear();
  });
  await list.load();
  open(idOf());
}
