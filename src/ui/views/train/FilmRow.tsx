/** One fixed prompt and seed: its drawings in a strip, and two of them beside or over each other. */
import { memo } from "react";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { SwipeCompare } from "../../components/SwipeCompare.tsx";
import { ToolButton } from "../../components/ToolButton.tsx";
import { type FilmstripRow, type Frame, frameAt } from "../../stores/galleryStore.ts";
import { FILM_WORDS, SEED_WORDS } from "../../text/train.ts";
import { useGallery, usePlayground } from "../../usePlayground.ts";
import styles from "./FilmRow.module.css";
import { FrameStrip } from "./FrameStrip.tsx";
import { SeedMenu } from "./SeedMenu.tsx";

interface Pair {
  readonly row: FilmstripRow;
  /** What is compared with: the first frame, or the pinned one. */
  readonly before: Frame | null;
  readonly isPinned: boolean;
  /** The frame looked at. */
  readonly after: Frame | null;
}

function Big({ row, frame, caption }: { row: FilmstripRow; frame: Frame | null; caption: string }) {
  return (
    <figure className={styles.big}>
      <div className={styles.frame}>
        {frame ? <PixelCanvas image={frame.image} alt={FILM_WORDS.alt(row.prompt, frame.step)} /> : null}
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

const captionOf = (frame: Frame | null, isPinned: boolean): string =>
  (isPinned ? FILM_WORDS.pinned : FILM_WORDS.step)(frame?.step ?? 0);

function Swiped(props: Pair & { share: number; onShare: (share: number) => void }) {
  const { row, before, after, isPinned, share } = props;
  if (!before || !after) return null;
  return (
    <figure className={styles.swiped}>
      <SwipeCompare
        before={<PixelCanvas image={before.image} alt={FILM_WORDS.alt(row.prompt, before.step)} />}
        after={<PixelCanvas image={after.image} alt={FILM_WORDS.alt(row.prompt, after.step)} />}
        label={FILM_WORDS.swipeLabel(before.step, after.step)}
        share={share}
        valueText={FILM_WORDS.swipeValue(share, before.step)}
        onChange={props.onShare}
      />
      <figcaption className={styles.ends}>
        <span>{captionOf(before, isPinned)}</span>
        <span>{captionOf(after, false)}</span>
      </figcaption>
    </figure>
  );
}

function Head({ row, at }: { row: FilmstripRow; at: number }) {
  const { stores } = usePlayground();
  const isFirst = useGallery((gallery) => gallery.pinnedRow === at);
  const words = isFirst ? FILM_WORDS.unpinRow : FILM_WORDS.pinRow;
  return (
    <header className={styles.head}>
      <p className={styles.prompt}>“{row.prompt}”</p>
      <span className={styles.seed}>{SEED_WORDS.seed(row.seed)}</span>
      <SeedMenu prompt={row.prompt} seed={row.seed} name={`“${row.prompt}”`} />
      <ToolButton
        icon="pin"
        label={words(row.prompt)}
        isPressed={isFirst}
        onPress={() => stores.gallery.setState({ pinnedRow: isFirst ? null : at })}
      />
    </header>
  );
}

export interface FilmRowProps {
  readonly row: FilmstripRow;
  /** Its number in the run. */
  readonly at: number;
  /** The frame looked at. */
  readonly after: Frame | null;
  readonly onPick: (step: number) => void;
  /** Of the swiped pictures; all rows move together. */
  readonly share: number;
  readonly onShare: (share: number) => void;
}

/** Made again when it has a new frame or another is looked at, not with every step. */
export const FilmRow = memo(function FilmRow({ row, at, after, onPick, share, onShare }: FilmRowProps) {
  const { stores } = usePlayground();
  const pinnedStep = useGallery((gallery) => gallery.pinnedStep);
  const isSwiped = useGallery((gallery) => gallery.isSwiped);
  const hovered = useGallery(({ hoveredStep }) => (hoveredStep === null ? null : frameAt(row, hoveredStep)));
  const before = pinnedStep === null ? (row.frames[0] ?? null) : frameAt(row, pinnedStep);
  const isPinned = pinnedStep !== null;
  const strip = (
    <FrameStrip
      row={row}
      shown={after}
      hovered={hovered}
      pinned={isPinned ? before : null}
      onPick={onPick}
      onHover={(hoveredStep) => stores.gallery.setState({ hoveredStep })}
    />
  );
  return (
    <li className={styles.row}>
      <Head row={row} at={at} />
      {isSwiped ? (
        <div className={styles.over}>
          <Swiped
            row={row}
            before={before}
            isPinned={isPinned}
            after={after}
            share={share}
            onShare={onShare}
          />
          {strip}
        </div>
      ) : (
        <div className={styles.beside}>
          <Big row={row} frame={before} caption={captionOf(before, isPinned)} />
          {strip}
          <Big row={row} frame={after} caption={captionOf(after, false)} />
        </div>
      )}
    </li>
  );
});
