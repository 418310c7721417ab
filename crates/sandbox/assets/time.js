// Times as the chat writes them, in the time of Shanghai, which has no summer time.

const SHANGHAI = 8 * 3600_000;
const DAY = 86400_000;
const WEEK_ZH = ["星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"];
const WEEK_EN = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTH_EN = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n) => String(n).padStart(2, "0");

function parts(ms) {
  const d = new Date(ms + SHANGHAI);
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth(),
    day: d.getUTCDate(),
    week: d.getUTCDay(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
  };
}

/** `14:05`. */
export function clockFace(ms) {
  const p = parts(ms);
  return `${two(p.hour)}:${two(p.minute)}`;
}

/** `2026-01-01 14:05:09`. */
export function full(ms) {
  const p = parts(ms);
  return `${p.year}-${two(p.month + 1)}-${two(p.day)} ${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;
}

/** The grey label above a message: the further back, the more it says. */
export function label(ms, nowMs, lang) {
  const p = parts(ms),
    now = parts(nowMs),
    at = clockFace(ms),
    zh = lang === "zh";
  const days = Math.floor((nowMs + SHANGHAI) / DAY) - Math.floor((ms + SHANGHAI) / DAY);
  if (days <= 0) return at;
  if (days === 1) return zh ? `昨天 ${at}` : `Yesterday ${at}`;
  if (days < 7) return `${(zh ? WEEK_ZH : WEEK_EN)[p.week]} ${at}`;
  if (p.year === now.year) return zh ? `${p.month + 1}月${p.day}日 ${at}` : `${p.day} ${MONTH_EN[p.month]} ${at}`;
  return zh ? `${p.year}年${p.month + 1}月${p.day}日 ${at}` : `${p.day} ${MONTH_EN[p.month]} ${p.year} ${at}`;
}

/** `0:07`, for the length of a video. */
export const length = (seconds) => `${Math.floor(seconds / 60)}:${two(Math.floor(seconds % 60))}`;

/** `1 h 20 min`, for what is left of something. */
export function span(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d`;
}
