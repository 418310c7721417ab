// The exchanges a page knows, as short rows that can be filtered while somebody types. The whole exchange is fetched when it is opened.

const MOST = 200_000;
const SHOWN = 400;

const words = (value) => {
  if (value === null || value === undefined) return "";
  const body = value.plain ?? value.decoded ?? value.body ?? value;
  return (typeof body === "string" ? body : JSON.stringify(body)).slice(0, SHOWN);
};

/** What the account or the person said, in a few words, for the list. */
export function brief(exchange) {
  const text = words(exchange.request);
  const found = /<(?:Content|EventKey|Recognition|Label|Title)>(?:<!\[CDATA\[)?([^\]<]+)/.exec(text);
  if (found) return found[1];
  for (const names of ["head_content|content|title", "file_name", "scene_str|scene_id|template_id|media_id|name|type"]) {
    const json = new RegExp(`"(?:${names})":\\s*"?([^",}]+)`).exec(text);
    if (json) return json[1];
  }
  return "";
}

/** One line of the list. */
export function summary(exchange, nickname = "") {
  const codes = (exchange.findings ?? []).map((one) => one.code);
  const errcode = exchange.reply?.body?.errcode;
  if (errcode && !codes.includes(`errcode:${errcode}`)) codes.push(`errcode:${errcode}`);
  const tries = (exchange.tries ?? []).filter((one) => !one.duplicate);
  const given = exchange.brief ?? exchange.text;
  return {
    id: Number(exchange.id),
    app_id: exchange.app_id,
    direction: exchange.direction,
    user: exchange.user ?? "",
    kind: exchange.kind ?? "",
    outcome: exchange.outcome,
    codes: codes.join(" "),
    at: exchange.at_ms ?? tries[0]?.at_ms,
    took: tries.length ? tries.reduce((sum, one) => sum + (one.took_ms ?? 0), 0) : null,
    tries: tries.length,
    brief: given ?? brief(exchange),
    hay: [
      `#${exchange.id}`,
      exchange.kind,
      nickname,
      exchange.user,
      codes.join(" "),
      given ?? "",
      words(exchange.request),
      words(exchange.reply),
    ]
      .join(" ")
      .toLowerCase(),
  };
}

/** Makes the test for a filter; an empty field lets everything through. */
export function matcher({ user, kind, direction, outcome, errcode, text }) {
  const needles = (text ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const code = errcode ? errcode.toLowerCase().replace(/^errcode:/, "") : "";
  const wanted = kind?.toLowerCase();
  const fits = (codes) => {
    const all = ` ${codes} `;
    return all.includes(` ${code} `) || all.includes(` errcode:${code} `);
  };
  return (row) =>
    (!user || row.user === user) &&
    (!direction || row.direction === direction) &&
    (!outcome || (outcome === "problem" ? row.outcome === "failed" || row.codes !== "" : row.outcome === outcome)) &&
    (!wanted || row.kind.toLowerCase().includes(wanted)) &&
    (!code || (row.codes !== "" && fits(row.codes))) &&
    needles.every((needle) => row.hay.includes(needle));
}

export class Ledger {
  constructor() {
    this.rows = [];
    this.known = new Map();
    this.test = () => true;
    this.shown = [];
  }

  /** Takes what is new; an exchange that is known already changes its row. */
  take(exchanges, nickname = () => "") {
    for (const exchange of exchanges) {
      const row = summary(exchange, nickname(exchange.user));
      const old = this.known.get(row.id);
      if (old) {
        Object.assign(old, row);
      } else {
        this.known.set(row.id, row);
        this.rows.push(row);
        if (this.test(row)) this.shown.push(row);
      }
    }
    if (this.rows.length > MOST * 1.1) {
      for (const row of this.rows.splice(0, this.rows.length - MOST)) this.known.delete(row.id);
      this.filter(this.wanted ?? {});
    }
  }

  /** Takes what is older than everything so far. */
  takeOlder(exchanges, nickname = () => "") {
    const rows = exchanges
      .filter((one) => !this.known.has(Number(one.id)))
      .map((one) => summary(one, nickname(one.user)));
    for (const row of rows) this.known.set(row.id, row);
    this.rows = rows.concat(this.rows);
    this.shown = rows.filter(this.test).concat(this.shown);
  }

  /** Applies a filter to everything. */
  filter(wanted) {
    this.wanted = wanted;
    this.test = matcher(wanted);
    this.shown = this.rows.filter(this.test);
  }

  /** The row at a place counted from the newest. */
  at(place) {
    return this.shown[this.shown.length - 1 - place];
  }

  /** The place of an exchange, counted from the newest, or -1. */
  place(id) {
    const at = this.shown.findIndex((row) => row.id === id);
    return at < 0 ? -1 : this.shown.length - 1 - at;
  }

  clear() {
    this.rows = [];
    this.shown = [];
    this.known.clear();
  }
}
