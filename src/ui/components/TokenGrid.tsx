import { useEffect, useRef } from "react";
import styles from "./TokenGrid.module.css";

/** Side of a cell and of the gap after it, in canvas pixels. */
const CELL = 10;
const GAP = 3;

function paint(canvas: HTMLCanvasElement, decided: Uint8Array | null, side: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const full = style.getPropertyValue("--cell-decided");
  const open = style.getPropertyValue("--cell-open");
  context.clearRect(0, 0, canvas.width, canvas.height);
  // One path a colour: filling each cell by itself takes longer than all the rest of a frame.
  for (const [colour, isFull] of [
    [full, true],
    [open, false],
  ] as const) {
    context.fillStyle = colour;
    context.beginPath();
    for (let at = 0; at < side * side; at++) {
      if (Boolean(decided?.[at]) !== isFull) continue;
      context.roundRect((at % side) * (CELL + GAP), Math.floor(at / side) * (CELL + GAP), CELL, CELL, 2.5);
    }
    context.fill();
  }
}

/**
 * The tokens of an image being drawn: filled where decided.
 * @param themeKey repaints when the colours change
 */
export function TokenGrid(props: {
  decided: Uint8Array | null;
  tokenCount: number;
  label: string;
  themeKey: string;
}) {
  const ref = useRef<HTMLCanvasElement>(null);
  const side = Math.max(1, Math.round(Math.sqrt(props.decided?.length ?? props.tokenCount)));
  const { decided, themeKey } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from CSS
  useEffect(() => {
    if (ref.current) paint(ref.current, decided, side);
  }, [decided, side, themeKey]);
  const pixels = side * (CELL + GAP) - GAP;
  return (
    <canvas
      ref={ref}
      className={styles.grid}
      width={pixels}
      height={pixels}
      role="img"
      aria-label={props.label}
    />
  );
}
