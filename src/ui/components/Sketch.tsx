/** Line drawings of the views, for when they are empty: surfaces, lines, and one accent. Decorative. */
import type { ReactNode } from "react";

function Sheet({ children }: { children: ReactNode }) {
  return (
    <svg viewBox="0 0 320 168" fill="none" aria-hidden="true">
      {children}
    </svg>
  );
}

/** Six tasks as bars, before and now. */
export function GenevalSketch() {
  const tasks = [0.92, 0.7, 0.62, 0.8, 0.74, 0.5];
  return (
    <Sheet>
      {tasks.map((share, at) => (
        <g key={share}>
          <rect x="24" y={14 + at * 25} width="272" height="12" rx="6" fill="var(--line)" opacity="0.6" />
          <rect x="24" y={14 + at * 25} width={272 * share} height="12" rx="6" fill="var(--accent)" />
          <rect x="24" y={14 + at * 25} width={272 * (share - 0.2)} height="12" rx="6" fill="var(--edge)" />
        </g>
      ))}
    </Sheet>
  );
}

/** Six stops in a ring. */
export function HowSketch() {
  const stops = Array.from({ length: 6 }, (_, at) => {
    const angle = (at / 6) * 2 * Math.PI - Math.PI / 2;
    return [160 + 112 * Math.cos(angle), 84 + 62 * Math.sin(angle)] as const;
  });
  return (
    <Sheet>
      <ellipse cx="160" cy="84" rx="112" ry="62" stroke="var(--line)" strokeWidth="2" />
      {stops.map(([x, y], at) => (
        <circle
          key={x + y}
          cx={x}
          cy={y}
          r={at === 0 ? 16 : 12}
          fill={at === 0 ? "var(--accent)" : "var(--surface)"}
          stroke={at === 0 ? "none" : "var(--edge)"}
          strokeWidth="2"
        />
      ))}
    </Sheet>
  );
}
