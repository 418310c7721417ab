// How every page begins: settings, the accounts, the first person, and the address that names who acts.

import { t } from "./i18n.js";
import { toast } from "./overlay.js";
import { firstPerson } from "./phone.js";
import { applyAll, get, set } from "./settings.js";
import { World } from "./world.js";

/** The pages keep their state in the address, so that a reload, a bookmark and a second window show the same. */
export function address(name, value) {
  const now = new URLSearchParams(location.search);
  if (now.get(name) === value) return;
  if (value === null) now.delete(name);
  else now.set(name, value);
  const query = String(now);
  history.pushState(null, "", query ? `${location.pathname}?${query}` : location.pathname);
}

/** Loads the world, says so when it cannot, and opens the stream. */
export async function begin(onfail) {
  applyAll();
  const world = new World();
  const query = new URLSearchParams(location.search);
  try {
    const store = await world.load(query.get("account"));
    await store.loadClock().catch(() => {});
    world.stream.connect();
    return { world, store, query };
  } catch (error) {
    onfail(t("no_server", { why: error.message }));
    return null;
  }
}

/** Brings a person to the phone and keeps them in the address under `name`. */
export async function people(phone, { name, wanted, remembered, not, ondraw }) {
  phone.onperson = (openid) => {
    address(name, openid);
    if (phone.world.stores.length > 1) address("account", phone.store.app_id);
    if (name === "user") set("person", openid);
    ondraw();
  };
  // A reset empties the world; whoever looks on becomes its first person.
  phone.onreset = async () => phone.become((await firstPerson(phone.store, {})).openid);
  addEventListener("popstate", () => {
    const openid = new URLSearchParams(location.search).get(name);
    if (openid && openid !== phone.person?.openid) phone.become(openid);
  });
  const { openid, missing } = await firstPerson(phone.store, {
    wanted,
    remembered: remembered && get("person"),
    not,
  });
  await phone.become(openid);
  if (missing) toast(phone.screen, t("no_such_user", { user: missing }), 5000);
}

/** Says in the middle of an empty page why there is nothing on it; tries again by itself. */
export function apology(text) {
  const node = document.createElement("p");
  node.className = "apology";
  node.setAttribute("role", "alert");
  node.textContent = text;
  document.querySelector("main").replaceChildren(node);
  setTimeout(() => location.reload(), 3000);
}
