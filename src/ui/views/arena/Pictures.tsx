import { useEffect, useState } from "react";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { SwipeCompare } from "../../components/SwipeCompare.tsx";
import type { Look } from "../../stores/arenaStore.ts";
import { ARENA_WORDS, LETTERS } from "../../text/arena.ts";
import styles from "./Pictures.module.css";
import type { Side } from "./sides.ts";

/** Slow enough to see both, and far from what could do harm (WCAG 2.3.1: three flashes a second). */
const BLINK_MS = 700;

function Frame({ side, waiting }: { side: Side; waiting: string }) {
  return (
    <div className={styles.frame}>
      {side.picture ? (
        <PixelCanvas image={side.picture.image} alt={side.alt} />
      ) : (
        <p className={styles.waiting}>{waiting}</p>
      )}
    </div>
  );
}

interface PicturesProps {
  readonly sides: readonly Side[];
  /** What stands where there is no picture yet. */
  readonly waiting: (side: Side) => string;
}

function SideBySide({ sides, waiting }: PicturesProps) {
  return (
    <div className={styles.both}>
      {sides.map((side) => (
        <Frame key={side.place} side={side} waiting={waiting(side)} />
      ))}
    </div>
  );
}

/** A left of the line, B right of it. */
function Swipe({ sides: [left, right], waiting }: PicturesProps) {
  const [percent, setPercent] = useState(50);
  if (!left || !right) return null;
  return (
    <div className={styles.one}>
      <SwipeCompare
        before={<Frame side={left} waiting={waiting(left)} />}
        after={<Frame side={right} waiting={waiting(right)} />}
        label={ARENA_WORDS.swipe}
        share={percent}
        valueText={ARENA_WORDS.swiped(percent)}
        onChange={setPercent}
      />
    </div>
  );
}

const wantsNoMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** One in the other's place, in turns; held still on demand, and from the start where motion is not wanted. */
function Blink({ sides, waiting }: PicturesProps) {
  const [isMoving, setMoving] = useState(() => !wantsNoMotion());
  const [at, setAt] = useState(0);
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => setAt((shown) => 1 - shown), BLINK_MS);
    return () => clearInterval(timer);
  }, [isMoving]);
  const shown = sides[at];
  const swap = () => {
    setMoving(false);
    setAt(1 - at);
  };
  return (
    <div className={styles.one} data-look="blink">
      {sides.map((side) => (
        <div key={side.place} className={styles.layer} data-hidden={side !== shown || undefined}>
          <Frame side={side} waiting={waiting(side)} />
        </div>
      ))}
      <span className={styles.letter} aria-hidden="true">
        {shown ? LETTERS[shown.place] : ""}
      </span>
      <div className={styles.controls}>
        <PushButton icon="swap" onPress={swap}>
          {ARENA_WORDS.swap}
        </PushButton>
        <PushButton icon={isMoving ? "pause" : "play"} onPress={() => setMoving(!isMoving)}>
          {isMoving ? ARENA_WORDS.hold : ARENA_WORDS.blink}
        </PushButton>
      </div>
    </div>
  );
}

const LOOK_VIEWS = { side: SideBySide, swipe: Swipe, blink: Blink } satisfies Record<Look, unknown>;

/** Two pictures, looked at in one of three ways. */
export function Pictures({ look, ...props }: PicturesProps & { look: Look }) {
  const View = LOOK_VIEWS[look];
  return (
    <div className={styles.pictures}>
      <View {...props} />
    </div>
  );
}
