/** How numbers are written on the page: short, of stable width, with a true minus sign. */

const MINUS = "\u2212";

/** "1.20 MB"; decimal units, as browsers and disks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${units[unit] ?? "B"}`;
}

/** "0.82 s", "41 s", "3 min 05 s". */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${seconds.toFixed(0)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Time that is left, roughly: "40 s", "12 min", "3.5 h". */
export function formatLeft(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}

/** "+1.12", "−0.40", "0.00". */
export function formatSigned(value: number): string {
  const digits = Math.abs(value).toFixed(2);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? MINUS : "+"}${digits}`;
}

/** Three significant digits without needless zeros; small numbers as powers of ten. */
export function formatMetric(value: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3) return value.toExponential(1).replace("-", MINUS);
  const digits = size < 0.01 ? 4 : size < 10 ? 3 : size < 100 ? 1 : 0;
  return value.toFixed(digits).replace("-", MINUS);
}

/** "12:04" in the reader's own clock. */
export function formatClock(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

/** "4:07", "1:02:09". */
export function formatElapsed(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** "12:04" today, "26 Nov, 12:04" on another day. */
export function formatMoment(timeMs: number, nowMs = Date.now()): string {
  const [time, now] = [new Date(timeMs), new Date(nowMs)];
  if (time.toDateString() === now.toDateString()) return formatClock(timeMs);
  return `${time.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${formatClock(timeMs)}`;
}

/** A count with thin spaces: "4 213 876". */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** A probability: "93 %", "0.4 %", and never 100 % or 0 % where it is not quite: "99.98 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  const distance = Math.min(percent, 100 - percent);
  const digits = distance === 0 || distance >= 1.5 ? 0 : distance >= 0.095 ? 1 : 2;
  const text = percent.toFixed(digits);
  if (distance > 0 && Number(text) === 0) return "< 0.01 %";
  if (distance > 0 && Number(text) === 100) return "> 99.99 %";
  return `${text} %`;
}

/** A mark of the curves' x axis: "120", "1 200", "4k", "30 s", "12 min", "1.5 h". */
export function formatAxis(x: number, axis: "step" | "images" | "seconds"): string {
  if (axis !== "seconds") return x >= 10_000 ? `${Number((x / 1000).toFixed(1))}k` : formatCount(x);
  if (x < 100) return `${x} s`;
  if (x < 5400) return `${Number((x / 60).toFixed(1))} min`;
  return `${Number((x / 3600).toFixed(1))} h`;
}
