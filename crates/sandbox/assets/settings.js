// What this browser remembers about the page: language, theme, size, last person. Storage may be forbidden; then nothing is kept.

const PREFIX = "hongyan.";
const listeners = new Set();

function read(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** The stored value of a setting, or what it is before anyone has chosen. */
export function get(name) {
  const stored = read(name);
  if (stored) return stored;
  if (name === "lang") return (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  return { theme: "auto", size: "375x812", type: "normal" }[name] ?? null;
}

/** Stores a setting and tells the page. */
export function set(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    /* private window: the choice lasts as long as the page */
  }
  apply(name, value);
  for (const listener of listeners) listener(name, value);
}

/** Calls `listener(name, value)` after every change. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(name, value) {
  const root = document.documentElement;
  if (name === "type") root.dataset.type = value;
  if (name === "theme") root.dataset.theme = value;
  if (name === "lang") root.lang = value === "zh" ? "zh-CN" : "en";
  if (name === "size") {
    const [width, height] = value.split("x");
    root.style.setProperty("--phone-w", `${width}px`);
    root.style.setProperty("--phone-h", `${height}px`);
  }
}

/** Puts all remembered settings on the page. */
export function applyAll() {
  for (const name of ["theme", "lang", "size", "type"]) apply(name, get(name));
}
