// What a text message may hold: plain words, addresses, a few kinds of `<a>`, and codes for emoji. Everything else is shown as it was written.

const ANCHOR = /<a\s([^<>]*)>([^<]*)<\/a>/gi;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))/g;
const ADDRESS = /https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/g;
const CODE = /\[[\u4e00-\u9fffA-Za-z]{1,8}\]|\/::[)~B|<$XZ(@POD]|\/:[a-z@<>,|!&-]{2,8}/g;

const EMOJI = {
  "[微笑]": "🙂",
  "[撇嘴]": "😕",
  "[色]": "😍",
  "[发呆]": "😳",
  "[得意]": "😎",
  "[流泪]": "😢",
  "[害羞]": "☺️",
  "[闭嘴]": "🤐",
  "[睡]": "😴",
  "[大哭]": "😭",
  "[尴尬]": "😅",
  "[发怒]": "😡",
  "[调皮]": "😜",
  "[呲牙]": "😁",
  "[惊讶]": "😮",
  "[难过]": "🙁",
  "[囧]": "😖",
  "[偷笑]": "🤭",
  "[愉快]": "😊",
  "[憨笑]": "😄",
  "[疑问]": "🤔",
  "[晕]": "😵",
  "[再见]": "👋",
  "[鼓掌]": "👏",
  "[坏笑]": "😏",
  "[委屈]": "🥺",
  "[亲亲]": "😘",
  "[可怜]": "🥺",
  "[玫瑰]": "🌹",
  "[爱心]": "❤️",
  "[心碎]": "💔",
  "[蛋糕]": "🎂",
  "[太阳]": "☀️",
  "[月亮]": "🌙",
  "[礼物]": "🎁",
  "[强]": "👍",
  "[弱]": "👎",
  "[握手]": "🤝",
  "[胜利]": "✌️",
  "[抱拳]": "🙏",
  "[OK]": "👌",
  "[咖啡]": "☕",
  "[啤酒]": "🍺",
  "[红包]": "🧧",
  "[庆祝]": "🎉",
  "[Smile]": "🙂",
  "[Heart]": "❤️",
  "[ThumbsUp]": "👍",
  "[Rose]": "🌹",
  "/::)": "🙂",
  "/::~": "😕",
  "/::B": "😍",
  "/::|": "😳",
  "/::<": "😢",
  "/::$": "☺️",
  "/::X": "🤐",
  "/::Z": "😴",
  "/::(": "🙁",
  "/::@": "😡",
  "/::P": "😜",
  "/::D": "😁",
  "/::O": "😮",
  "/:rose": "🌹",
  "/:heart": "❤️",
  "/:strong": "👍",
  "/:weak": "👎",
  "/:share": "🤝",
  "/:v": "✌️",
  "/:ok": "👌",
  "/:cake": "🎂",
  "/:sun": "☀️",
  "/:moon": "🌙",
  "/:gift": "🎁",
};

/** The emoji on the ☺ panel. */
export const PALETTE = [
  "🙂",
  "😄",
  "😁",
  "😍",
  "😎",
  "😢",
  "😭",
  "😡",
  "😮",
  "🤔",
  "😴",
  "😅",
  "👍",
  "👎",
  "👏",
  "🙏",
  "🤝",
  "👌",
  "❤️",
  "🌹",
  "🎉",
  "🎁",
  "🎂",
  "☀️",
];

/** Replaces the codes for emoji by emoji. */
export const emoji = (text) => text.replace(CODE, (code) => EMOJI[code] ?? code);

const unescape = (value) =>
  value.replace(
    /&(amp|quot|lt|gt|#39);/g,
    (_, name) => ({ amp: "&", quot: '"', lt: "<", gt: ">", "#39": "'" })[name],
  );

function decode(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** True for an address the in-app browser may open. */
export const isWebAddress = (value) => /^https?:\/\/\S+$/i.test(value ?? "");

function anchor(attributes, inner, whole) {
  const attrs = {};
  for (const [, name, a, b, c] of attributes.matchAll(ATTRIBUTE))
    attrs[name.toLowerCase()] = unescape(a ?? b ?? c ?? "");
  const href = attrs.href ?? "";
  if (attrs["data-miniprogram-appid"])
    return {
      kind: "mini",
      text: inner,
      appid: attrs["data-miniprogram-appid"],
      path: attrs["data-miniprogram-path"] ?? "",
    };
  if (href.startsWith("weixin://bizmsgmenu?")) {
    const query = Object.fromEntries(
      href
        .slice(href.indexOf("?") + 1)
        .split("&")
        .map((pair) => pair.split("=").map(decode)),
    );
    return { kind: "menu", text: inner, id: query.msgmenuid ?? "", content: query.msgmenucontent ?? inner };
  }
  if (isWebAddress(href)) return { kind: "link", text: inner, href };
  return { kind: "text", text: whole };
}

function plain(text, out) {
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = match[0].replace(/[.,;:!?'")\]]+$/, "");
    if (match.index > from) out.push({ kind: "text", text: emoji(text.slice(from, match.index)) });
    out.push({ kind: "link", text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) out.push({ kind: "text", text: emoji(text.slice(from)) });
}

/** Cuts a text into pieces: `{kind: text|link|menu|mini, text, …}`. People's own texts hold no tags. */
export function pieces(text, tags) {
  const out = [];
  let from = 0;
  if (tags) {
    for (const match of text.matchAll(ANCHOR)) {
      plain(text.slice(from, match.index), out);
      out.push(anchor(match[1], match[2], match[0]));
      from = match.index + match[0].length;
    }
  }
  plain(text.slice(from), out);
  return out;
}

/** Cuts a name to so many Chinese characters; a Latin letter counts half. */
export function cut(name, characters) {
  let width = 0,
    out = "";
  for (const c of name) {
    const step = c.codePointAt(0) > 0xff ? 1 : 0.5;
    if (width + step > characters) return `${out}…`;
    width += step;
    out += c;
  }
  return out;
}
