// How every page begins: settings, the store, the first person, and the address that names who acts.

import { t } from "./i18n.js";
import { toast } from "./overlay.js";
import { firstPerson } from "./phone.js";
import { applyAll, get, set } from "./settings.js";
import { Store } from "./store.js";

/** Runs `page(store, begin)`; `begin(phone, ondraw, onfail)` brings the first person to the phone and starts the stream. */
export function start(page) {
  applyAll();
  const query = new URLSearchParams(location.search);
  const store = new Store(query.get("account"));
  const begin = async (phone, ondraw, onfail) => {
    phone.onperson = (openid) => {
      const now = new URLSearchParams(location.search);
      if (now.get("user") !== openid) {
        now.set("user", openid);
        history.pushState(null, "", `${location.pathname}?${now}`);
      }
      set("person", openid);
      ondraw();
    };
    // A reset empties the world; whoever looks on becomes its first person.
    phone.onreset = async () => phone.become((await firstPerson(store, null, null)).openid);
    addEventListener("popstate", () => {
      const openid = new URLSearchParams(location.search).get("user");
      if (openid && openid !== phone.person?.openid) phone.become(openid);
    });
    store.connect();
    try {
      await store.loadClock().catch(() => {});
      const { openid, missing } = await firstPerson(store, query.get("user"), get("person"));
      await phone.become(openid);
      if (missing) toast(phone.screen, t("no_such_user", { user: missing }), 5000);
    } catch (error) {
      onfail(error);
    }
  };
  page(store, begin);
}
