import { memo } from "react";
import { shallow } from "zustand/shallow";
import { DivergingBar } from "../../components/DivergingBar.tsx";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { TokenGrid } from "../../components/TokenGrid.tsx";
import { ADVANTAGE_LIMIT } from "../../groupLayout.ts";
import type { StepView } from "../../stores/galleryStore.ts";
import { formatSigned } from "../../text/numbers.ts";
import { SEED_WORDS } from "../../text/train.ts";
import { useRun, useSettings } from "../../usePlayground.ts";
import styles from "./GroupTile.module.css";
import { SeedMenu } from "./SeedMenu.tsx";

/** Tokens of an image before the model has said how many it has. */
const UNKNOWN_TOKENS = 64;

/** Everything known about one image of a group. */
export interface Tile {
  readonly decided: Uint8Array | null;
  readonly image: { width: number; height: number; rgb: Uint8Array } | null;
  readonly alt: string;
  readonly prompt: string | null;
  /** Names the image's random choices. */
  readonly seed: string | null;
  readonly answer: string | null;
  readonly probability: number | null;
  readonly reward: number | null;
  readonly advantage: number | null;
}

/** Picks the parts of tile `at` of a group out of a step. */
export function tileOf(step: StepView | null, group: number, at: number): Tile {
  const known = step?.groups[group] ?? null;
  const reward = known?.judged?.rewards[at] ?? null;
  const rewardWords = reward === null ? "not judged yet" : `reward ${reward.toFixed(2)}`;
  return {
    decided: step?.draw?.decided[group * step.groupSize + at] ?? null,
    image: known?.drawn.images[at] ?? null,
    alt: known ? `Image ${at + 1} for “${known.drawn.prompt}”, step ${step?.step ?? 0}, ${rewardWords}` : "",
    prompt: known?.drawn.prompt ?? null,
    seed: known?.drawn.seeds[at] ?? null,
    answer: known?.judged?.answers[at] ?? null,
    probability: known?.judged?.probabilities[at] ?? null,
    reward,
    advantage: known?.scored?.advantages[at] ?? null,
  };
}

/** An image, or the tokens of it that are decided. */
export function Picture({ tile, at }: { tile: Tile; at: number }) {
  const tokenCount = useRun((run) => run.model?.imageTokenCount ?? UNKNOWN_TOKENS);
  const themeKey = useSettings((settings) => settings.theme);
  if (tile.image) return <PixelCanvas image={tile.image} alt={tile.alt} />;
  const done = tile.decided?.reduce((sum, isDecided) => sum + isDecided, 0) ?? 0;
  const label = `Image ${at + 1}: ${done} of ${tile.decided?.length ?? tokenCount} tokens decided`;
  return <TokenGrid decided={tile.decided} tokenCount={tokenCount} label={label} themeKey={themeKey} />;
}

export interface GroupTileProps {
  readonly tile: Tile;
  readonly at: number;
  /** The same function always. */
  readonly onLook: (at: number) => void;
}

const isSameTile = (before: GroupTileProps, after: GroupTileProps): boolean =>
  before.at === after.at && before.onLook === after.onLook && shallow(before.tile, after.tile);

/**
 * One image with the model's own answer, its reward and its advantage. Its box never changes size, and it is made
 * again only when something in it changed: the other groups of a step are no news to it.
 */
export const GroupTile = memo(function GroupTile({ tile, at, onLook }: GroupTileProps) {
  const { answer, probability, reward, advantage, prompt, seed } = tile;
  return (
    <li className={styles.tile} data-tour="advantage">
      <div className={styles.picture}>
        <Picture tile={tile} at={at} />
        {tile.image ? (
          <button
            type="button"
            className={styles.look}
            aria-label={`Inspect image ${at + 1}`}
            onClick={() => onLook(at)}
          />
        ) : null}
        {tile.image && prompt !== null && seed !== null ? (
          <span className={styles.seed}>
            <SeedMenu prompt={prompt} seed={seed} name={SEED_WORDS.image(at)} />
          </span>
        ) : null}
      </div>
      <div className={styles.said}>
        <span className={styles.answer} title={answer ?? undefined}>
          {answer === null ? "\u00a0" : answer === "" ? "(no answer)" : `“${answer}”`}
        </span>
        <span className={styles.quiet}>
          {probability === null ? "" : `${Math.round(probability * 100)} %`}
        </span>
      </div>
      <div className={styles.numbers}>
        <span>
          {reward === null ? "\u00a0" : <span className={styles.quiet}>reward </span>}
          {reward?.toFixed(2)}
        </span>
        <span className={styles.advantage}>
          <span className="visuallyHidden">advantage </span>
          {advantage === null ? "" : formatSigned(advantage)}
        </span>
      </div>
      <DivergingBar value={advantage ?? 0} limit={ADVANTAGE_LIMIT} />
    </li>
  );
}, isSameTile);
