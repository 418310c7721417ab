// What the list of chats shows: one row for each account, its last message, and how many nobody has read yet.

const PREFIX = "hongyan.read.";

function stored(key) {
  try {
    return Number(localStorage.getItem(PREFIX + key) ?? 0);
  } catch {
    return 0;
  }
}

function keep(key, id) {
  try {
    localStorage.setItem(PREFIX + key, String(id));
  } catch {
    /* private window: everything counts as read with the page */
  }
}

export class Inbox {
  constructor(phone) {
    this.phone = phone;
    this.rows = [];
    this.version = 0;
    for (const one of phone.world.stores) {
      for (const name of ["message", "user"])
        one.on(name, (data) => {
          if (this.concerns(data?.openid)) this.soon();
        });
      one.on("gap", () => this.soon());
    }
  }

  /** Whether somebody is this phone's person, as any account knows them; until all are known, everybody may be. */
  concerns(openid) {
    return !openid || this.rows.length < this.phone.world.stores.length || this.rows.some((row) => row.openid === openid);
  }

  /** Many events come together; one look afterwards is enough. */
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 120);
  }

  async load() {
    const { world, store: here, person } = this.phone;
    if (!person) return;
    const { openid } = person;
    const rows = await Promise.all(world.stores.map((one) => this.row(one, openid, here).catch(() => null)));
    if (this.phone.person?.openid !== openid) return;
    this.rows = rows
      .filter(Boolean)
      .sort((a, b) => (b.last?.at_ms ?? 0) - (a.last?.at_ms ?? 0) || b.following - a.following);
    this.version += 1;
    this.phone.draw();
  }

  async row(one, openid, here) {
    const twin = await this.phone.world.twin(openid, here, one);
    if (!twin) return null;
    const [who, messages] = await Promise.all([one.user(twin), one.chat(twin)]);
    const key = `${one.app_id}.${twin}`;
    const open = one === here && this.phone.view === "chat";
    const last = messages.at(-1);
    const read = stored(key);
    const unread = open ? 0 : messages.filter((each) => each.from !== "user" && Number(each.id) > read).length;
    return { store: one, openid: twin, account: one.known, following: Boolean(who.following), last, unread };
  }

  /** What stands on the screen has been read. */
  seen() {
    const { store: here, person, chat } = this.phone;
    const last = chat.messages.at(-1);
    if (person && last) keep(`${here.app_id}.${person.openid}`, last.id);
  }

  /** Unread messages in all chats but the open one. */
  get unread() {
    return this.rows.reduce((sum, one) => sum + (one.following ? one.unread : 0), 0);
  }

  /** A fresh world begins its ids anew. */
  forget() {
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
    } catch {
      /* nothing was kept */
    }
  }
}
