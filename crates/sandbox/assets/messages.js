// One drawing per kind of message. A drawing gets the message and `act`, what a tap on it does; it returns the bubble, without avatar.

import { button, h, s } from "./dom.js";
import { arcs, hash, icon } from "./icons.js";
import { t } from "./i18n.js";
import { pieces } from "./text.js";
import { full, length } from "./time.js";

/** A field of a message, from the object named after its kind or from the top level. */
export const field = (message, name, kind = message.type) => message[kind]?.[name] ?? message[name];

/** A text as nodes: links, menu links and mini-program links can be tapped. */
export function richText(text, tags, act) {
  return pieces(text ?? "", tags).map((piece) => {
    if (piece.kind === "link")
      return h(
        "a",
        {
          href: piece.href,
          rel: "noopener noreferrer",
          onclick: (event) => {
            event.preventDefault();
            act.browse(piece.href);
          },
        },
        piece.text,
      );
    if (piece.kind === "menu")
      return button({ class: "text-link", onclick: () => act.menuClick(piece.id, piece.content) }, piece.text);
    if (piece.kind === "mini")
      return button(
        { class: "text-link", onclick: () => act.mini({ title: piece.text, appid: piece.appid, path: piece.path }) },
        piece.text,
      );
    return piece.text;
  });
}

/** A picture that turns into a grey square when it cannot be had. */
function picture(src, attrs = {}) {
  const blank = () => h("span", { class: `${attrs.class ?? ""} no-picture`, title: t("no_picture") }, icon("photo"));
  if (!src) return blank();
  const node = h("img", { src, alt: "", draggable: "false", ...attrs });
  node.addEventListener("error", () => node.replaceWith(blank()));
  return node;
}

function text(message, act) {
  const tags = message.from === "account";
  return h("div", { class: "bubble text" }, richText(field(message, "content") ?? message.text, tags, act));
}

function msgmenu(message, act) {
  const head = field(message, "head_content"),
    tail = field(message, "tail_content");
  return h(
    "div",
    { class: "bubble text msgmenu" },
    head && h("div", null, richText(head, true, act)),
    (field(message, "list") ?? []).map((item) =>
      h(
        "div",
        null,
        button(
          { class: "text-link", "data-testid": "msgmenu-item", onclick: () => act.menuClick(item.id, item.content) },
          item.content,
        ),
      ),
    ),
    tail && h("div", null, richText(tail, true, act)),
  );
}

function image(message, act) {
  const url = message.local ?? field(message, "url") ?? message.pic_url;
  return button(
    { class: "bubble bare image", "aria-label": t("picture"), onclick: () => act.view(url) },
    picture(url, { onload: act.settle }),
  );
}

function voice(message, act) {
  const seconds = Math.min(60, Math.max(1, Math.round(field(message, "seconds") ?? 3)));
  const node = button(
    {
      class: "bubble voice",
      vars: { "--voice-w": `${Math.min(220, 70 + 2.5 * seconds)}px` },
      "aria-label": `${t("voice")} ${seconds}″`,
      onclick: () => {
        node.classList.remove("unheard");
        act.sound(node, field(message, "url"), seconds);
      },
    },
    arcs(),
    h("span", null, `${seconds}″`),
  );
  if (message.from === "account") node.classList.add("unheard");
  return node;
}

function video(message, act) {
  const seconds = field(message, "seconds");
  const title = field(message, "title");
  return h(
    "div",
    { class: "video-box" },
    button(
      {
        class: "bubble bare video",
        "aria-label": title ? `${t("video")}: ${title}` : t("video"),
        onclick: () => act.film(field(message, "url")),
      },
      field(message, "thumb_url")
        ? picture(field(message, "thumb_url"), { onload: act.settle })
        : h("span", { class: "video-blank", vars: { "--hue": hash(message.id) % 360 } }),
      h("span", { class: "play" }, icon("play", 26)),
      seconds && h("span", { class: "length" }, length(seconds)),
    ),
    title && h("span", { class: "video-title" }, title),
  );
}

function map(seed) {
  const n = hash(seed),
    shift = (k) => (n >>> k) % 30;
  const road = (d, width) => s("path", { d, class: "road", "stroke-width": width });
  return s(
    "svg",
    { class: "map", viewBox: "0 0 230 100", "aria-hidden": "true" },
    s("rect", { class: "land", width: 230, height: 100 }),
    s("path", { class: "park", d: `M${10 + shift(2)} 12h${40 + shift(4)}v${26 + shift(3) / 3}h-${40 + shift(4)}z` }),
    s("path", { class: "water", d: `M0 ${78 + shift(5) / 4}c50-${20 + shift(6) / 2} 90 20 140-4s60-8 90-16v46H0z` }),
    road(`M0 ${30 + shift(1)}H230`, 5),
    road(`M${60 + shift(7)} 0V100`, 4),
    road(`M${140 + shift(8)} 0L${120 + shift(9)} 100`, 6),
    road(`M0 ${66 - shift(2) / 2}L230 ${40 + shift(3)}`, 3),
    road(`M${185 + shift(4) / 2} 0V100`, 2),
    s("path", { class: "pin", d: "M115 62c-8-9-12-14-12-20a12 12 0 0 1 24 0c0 6-4 11-12 20z" }),
    s("circle", { cx: 115, cy: 42, r: 4.5, fill: "#fff" }),
  );
}

function location(message) {
  const x = field(message, "latitude"),
    y = field(message, "longitude"),
    label = field(message, "label");
  const poi = field(message, "poiname");
  return h(
    "div",
    { class: "bubble card location" },
    h("div", { class: "loc-name" }, poi || label || `${x}, ${y}`),
    h("div", { class: "loc-address" }, poi && label ? label : `${x}, ${y}`),
    map(`${x},${y}`),
  );
}

function link(message, act) {
  const url = field(message, "url");
  return button(
    { class: "bubble card small-card", onclick: () => act.browse(url, field(message, "title")) },
    h("span", { class: "card-title" }, field(message, "title") || url),
    h(
      "span",
      { class: "card-row" },
      h("span", { class: "card-text" }, field(message, "description")),
      h("span", { class: "thumb" }, icon("link")),
    ),
  );
}

function smallNews(one, act) {
  return button(
    {
      class: "bubble card small-card news",
      onclick: () => (one.url ? act.browse(one.url, one.title) : act.article(one)),
    },
    h("span", { class: "card-title" }, one.title),
    h(
      "span",
      { class: "card-row" },
      h("span", { class: "card-text" }, one.description),
      picture(one.picurl ?? one.pic_url, { class: "thumb", onload: act.settle }),
    ),
  );
}

function news(message, act) {
  const articles = field(message, "articles") ?? [];
  return h(
    "div",
    { class: "stack" },
    articles.map((one) => smallNews(one, act)),
  );
}

/** An article of a broadcast: the cover over the whole width, further articles as rows below. */
function mpnews(message, act) {
  const given = field(message, "articles");
  const articles = given?.length
    ? given
    : [
        {
          title: field(message, "title") ?? message.text,
          url: field(message, "url"),
          picurl: field(message, "thumb_url") ?? field(message, "picurl"),
        },
      ];
  const open = (one) => () => (one.url ? act.browse(one.url, one.title) : act.article(one));
  const [first, ...rest] = articles;
  return h(
    "div",
    { class: "broadcast" },
    button(
      { class: "cover", onclick: open(first) },
      picture(first.picurl ?? first.thumb_url, { onload: act.settle }),
      h("span", { class: "cover-title" }, first.title),
    ),
    rest.map((one) =>
      button(
        { class: "cover-row", onclick: open(one) },
        h("span", null, one.title),
        picture(one.picurl ?? one.thumb_url, { class: "thumb" }),
      ),
    ),
  );
}

function music(message, act) {
  const url = field(message, "hqmusicurl") || field(message, "musicurl");
  const node = button(
    { class: "bubble card music", "data-state": "idle", onclick: () => act.sound(node, url, 0) },
    h(
      "span",
      { class: "music-words" },
      h("span", { class: "card-title" }, field(message, "title") || t("play")),
      h("span", { class: "card-text" }, field(message, "description")),
    ),
    h(
      "span",
      { class: "music-thumb", vars: { "--hue": hash(field(message, "title") ?? "") % 360 } },
      field(message, "thumb_url") && picture(field(message, "thumb_url")),
      h("span", { class: "play" }, icon("play", 18)),
    ),
    h("span", { class: "card-foot" }, icon("note", 12), url ? host(url) : ""),
  );
  return node;
}

function host(url) {
  try {
    return new URL(url, window.location.href).host;
  } catch {
    return "";
  }
}

function miniprogrampage(message, act) {
  const title = field(message, "title") ?? message.text;
  const cover = field(message, "thumb_url") ?? field(message, "pic_url");
  return button(
    {
      class: "bubble card mini",
      onclick: () =>
        act.mini({
          title,
          appid: field(message, "appid") ?? field(message, "app_id"),
          path: field(message, "pagepath") ?? field(message, "page_path"),
        }),
    },
    h(
      "span",
      { class: "mini-app" },
      icon("chain", 14),
      field(message, "appid") ?? field(message, "app_id") ?? t("mini"),
    ),
    h("span", { class: "card-title" }, title),
    picture(cover, { class: "mini-cover", onload: act.settle }),
    h("span", { class: "card-foot" }, icon("chain", 12), t("mini")),
  );
}

function template(message, act) {
  const data = field(message, "data") ?? {};
  const url = field(message, "url"),
    mini = field(message, "miniprogram");
  const content = field(message, "content");
  // The platform fills the template in; its lines are names and values with a colon between.
  const lines = content
    ? content.split("\n").map((line) => line.split(/：(.*)/s).slice(0, 2))
    : Object.entries(data).map(([name, value]) => [name, value?.value ?? value]);
  const rows = lines.filter((line) => line.join("").trim() !== "");
  return h(
    "div",
    { class: "broadcast template" },
    h("div", { class: "template-title" }, field(message, "title") ?? message.text),
    message.at_ms && h("div", { class: "template-date" }, full(message.at_ms).slice(0, 16)),
    rows.map(([name, value]) =>
      value === undefined
        ? h("div", { class: "template-line" }, name)
        : h("div", { class: "template-row" }, h("span", null, `${name}：`), h("span", null, String(value ?? ""))),
    ),
    (url || mini) &&
      button(
        {
          class: "template-more",
          onclick: () =>
            mini?.appid
              ? act.mini({ title: field(message, "title"), appid: mini.appid, path: mini.pagepath })
              : act.browse(url),
        },
        t("details"),
        h("span", null, "›"),
      ),
  );
}

function unsupported(message) {
  return h("div", { class: "bubble card unsupported" }, icon("alert", 16), t("unsupported", { type: message.type }));
}

const KINDS = {
  text,
  msgmenu,
  image,
  voice,
  video,
  shortvideo: video,
  location,
  link,
  news,
  mpnews,
  mpnewsarticle: mpnews,
  article: mpnews,
  music,
  miniprogrampage,
  template,
};

/** Kinds that fill the width and have no avatar beside them. */
export const WIDE = new Set(["mpnews", "mpnewsarticle", "article", "template"]);

/** The bubble of a message. */
export function bubble(message, act) {
  return (Object.hasOwn(KINDS, message.type) ? KINDS[message.type] : unsupported)(message, act);
}
