/** The drawings of a row, one a column; only those in sight are there, and the one that is looked at. */
import { useLayoutEffect, useRef, useState } from "react";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import type { FilmstripRow, Frame } from "../../stores/galleryStore.ts";
import { FILM_WORDS } from "../../text/train.ts";
import styles from "./FrameStrip.module.css";
import { visibleRange } from "./visibleRange.ts";

/** Pixels from one column to the next; FrameStrip.module.css knows the width of a picture. */
const PITCH = 66;
const GAP = 6;

export interface FrameStripProps {
  readonly row: FilmstripRow;
  readonly shown: Frame | null;
  readonly hovered: Frame | null;
  readonly pinned: Frame | null;
  readonly onPick: (step: number) => void;
  readonly onHover: (step: number | null) => void;
}

/** Follows what is in sight, and keeps one column there. @param keptAt its index, -1 for none */
function useWindow(count: number, keptAt: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState({ from: 0, to: 0 });
  useLayoutEffect(() => {
    const strip = ref.current;
    if (!strip) return;
    const measure = () => {
      const next = visibleRange({ scrollLeft: strip.scrollLeft, width: strip.clientWidth }, PITCH, count);
      setRange((old) => (old.from === next.from && old.to === next.to ? old : next));
    };
    const centre = () => {
      strip.scrollLeft = Math.max(0, keptAt) * PITCH - strip.clientWidth / 2 + PITCH / 2;
      measure();
    };
    centre();
    const watch = new ResizeObserver(centre);
    watch.observe(strip);
    strip.addEventListener("scroll", measure, { passive: true });
    return () => {
      watch.disconnect();
      strip.removeEventListener("scroll", measure);
    };
  }, [count, keptAt]);
  return { ref, range };
}

function Thumb(props: FrameStripProps & { frame: Frame; at: number }) {
  const { frame, at, row, shown } = props;
  const isShown = frame === shown;
  return (
    <button
      type="button"
      className={styles.thumb}
      style={{ left: at * PITCH }}
      // One stop for the tabulator; the arrow keys go from step to step.
      tabIndex={isShown ? 0 : -1}
      data-shown={isShown || undefined}
      data-hovered={frame === props.hovered || undefined}
      data-pinned={frame === props.pinned || undefined}
      aria-label={FILM_WORDS.lookAt(frame.step)}
      aria-pressed={isShown}
      onClick={() => props.onPick(frame.step)}
      onPointerEnter={() => props.onHover(frame.step)}
      onPointerLeave={() => props.onHover(null)}
    >
      <span className={styles.picture}>
        <PixelCanvas image={frame.image} alt={FILM_WORDS.alt(row.prompt, frame.step)} />
      </span>
      <span className={styles.step}>{frame.step}</span>
    </button>
  );
}

export function FrameStrip(props: FrameStripProps) {
  const { frames, prompt } = props.row;
  const shownAt = props.shown ? frames.indexOf(props.shown) : -1;
  const { ref, range } = useWindow(frames.length, shownAt);
  const drawn = frames.flatMap((frame, at) =>
    (at >= range.from && at < range.to) || at === shownAt ? [{ frame, at }] : [],
  );
  return (
    <div ref={ref} className={styles.strip}>
      <fieldset
        className={styles.track}
        aria-label={FILM_WORDS.strip(prompt)}
        style={{ width: frames.length * PITCH - GAP }}
      >
        {drawn.map(({ frame, at }) => (
          <Thumb key={frame.step} {...props} frame={frame} at={at} />
        ))}
      </fieldset>
    </div>
  );
}
