// Makes what travels readable: XML and JSON with one line an element, and names apart from values.

import { h } from "./dom.js";

const TOKEN = /<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*>|[^<]+/g;

/** XML with a line an element. What is not XML comes back as it is. */
export function xml(text) {
  if (!/^\s*</.test(text)) return text;
  const out = [];
  let depth = 0,
    line = "";
  const flush = () => {
    if (line.trim()) out.push(line);
    line = "";
  };
  for (const token of text.match(TOKEN) ?? []) {
    if (token.startsWith("<![CDATA[")) {
      line += token;
    } else if (token.startsWith("</")) {
      depth = Math.max(0, depth - 1);
      if (line.trim()) line += token;
      else line = "  ".repeat(depth) + token;
      flush();
    } else if (token.startsWith("<")) {
      flush();
      line = "  ".repeat(depth) + token;
      if (!/^<[?!]|\/>$/.test(token)) depth += 1;
      else flush();
    } else if (token.trim()) {
      line += token;
    }
  }
  flush();
  return out.join("\n");
}

/** Anything that was kept of a body, as text. */
export function readable(body) {
  if (body === null || body === undefined) return "";
  if (typeof body !== "string") return JSON.stringify(body, null, 2);
  if (/^\s*[[{]/.test(body)) {
    try {
      return JSON.stringify(JSON.parse(body), null, 2);
    } catch {
      return body;
    }
  }
  return xml(body);
}

/** A control character as something that can be seen. */
export const visible = (text) =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => String.fromCodePoint(0x2400 + c.codePointAt(0)));

const PART = /(<\/?[\w:-]+|\/?>|<!\[CDATA\[|\]\]>)|("(?:[^"\\]|\\.)*")(\s*:)?/g;

/** One line as nodes, with names and values apart. */
function coloured(line) {
  const out = [];
  let from = 0;
  for (const match of line.matchAll(PART)) {
    if (match.index > from) out.push(line.slice(from, match.index));
    const kind = match[1] ? (/CDATA|\]\]/.test(match[1]) ? "faint" : "name") : match[3] ? "name" : "value";
    out.push(h("span", { class: `c-${kind}` }, match[1] ?? match[2]));
    if (match[3]) out.push(match[3]);
    from = match.index + match[0].length;
  }
  out.push(line.slice(from));
  return out;
}

/** A block of text with numbered lines; `mark` is `{line, column}` of what is wrong in it. */
export function block(text, { mark, label } = {}) {
  const lines = visible(text).split("\n");
  return h(
    "pre",
    { class: "code", tabindex: "0", role: "group", "aria-label": label },
    lines.map((line, at) => {
      const wrong = mark?.line === at + 1;
      const column = wrong ? Math.max(0, (mark.column ?? 1) - 1) : 0;
      return h(
        "span",
        { class: wrong ? "code-line wrong" : "code-line" },
        wrong
          ? [coloured(line.slice(0, column)), h("mark", null, line.slice(column, column + 1) || "␣"), coloured(line.slice(column + 1))]
          : coloured(line),
        "\n",
      );
    }),
  );
}

/** The place that a finding names, when it names one in a text. */
export function placeOf(findings) {
  for (const one of findings ?? []) {
    const at = /line (\d+),? column (\d+)/.exec(typeof one.where === "string" ? one.where : "");
    if (at) return { line: Number(at[1]), column: Number(at[2]) };
    if (Number.isFinite(one.where?.line)) return one.where;
  }
  return null;
}
