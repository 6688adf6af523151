import { useEffect, useRef } from "react";
import { Panel } from "../../components/Panel.tsx";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { type FilmstripRow, type Frame, filmstripSteps, frameAt } from "../../stores/galleryStore.ts";
import { useGallery, usePlayground, useRun } from "../../usePlayground.ts";
import styles from "./Filmstrip.module.css";

const altOf = (prompt: string, step: number) =>
  `“${prompt}” drawn at step ${step}, always with the same seed`;

function Big({ row, frame, caption }: { row: FilmstripRow; frame: Frame | null; caption: string }) {
  return (
    <figure className={styles.big}>
      <div className={styles.frame}>
        {frame ? <PixelCanvas image={frame.image} alt={altOf(row.prompt, frame.step)} /> : null}
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

function Row({ row, step, onPick }: { row: FilmstripRow; step: number; onPick: (step: number) => void }) {
  const shown = frameAt(row, step);
  const strip = useRef<HTMLDivElement>(null);
  const shownStep = shown?.step ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new frame moves the shown one
  useEffect(() => {
    const chosen = strip.current?.querySelector<HTMLElement>("[data-chosen]");
    if (strip.current && chosen) strip.current.scrollLeft = chosen.offsetLeft - strip.current.clientWidth / 2;
  }, [shownStep, row.frames.length]);
  return (
    <li className={styles.row}>
      <p className={styles.prompt}>“{row.prompt}”</p>
      <div className={styles.frames}>
        <Big row={row} frame={row.frames[0] ?? null} caption={`step ${row.frames[0]?.step ?? 0}`} />
        <div ref={strip} className={styles.strip}>
          {row.frames.map((frame) => (
            <button
              key={frame.step}
              type="button"
              className={styles.thumb}
              data-chosen={frame === shown || undefined}
              aria-label={`Look at step ${frame.step}`}
              aria-pressed={frame === shown}
              onClick={() => onPick(frame.step)}
            >
              <PixelCanvas image={frame.image} alt={altOf(row.prompt, frame.step)} />
            </button>
          ))}
        </div>
        <Big row={row} frame={shown} caption={`step ${shownStep}`} />
      </div>
    </li>
  );
}

function StepSlider({ steps, selected }: { steps: readonly number[]; selected: number }) {
  const { stores } = usePlayground();
  const at = Math.max(
    0,
    steps.findLastIndex((step) => step <= selected),
  );
  const last = steps.length - 1;
  const pick = (index: number) =>
    stores.gallery.setState({ selectedStep: index >= last ? null : (steps[index] ?? null) });
  return (
    <label className={styles.slider}>
      <span>look at step</span>
      <input
        type="range"
        min={0}
        max={Math.max(1, last)}
        step={1}
        value={at}
        disabled={last < 1}
        style={{ "--share": `${(at / Math.max(1, last)) * 100}%` } as React.CSSProperties}
        aria-valuetext={`step ${steps[at] ?? 0}`}
        onChange={(event) => pick(event.target.valueAsNumber)}
      />
      <output>{steps[at] ?? 0}</output>
    </label>
  );
}

/** The same prompts with the same seeds, drawn again and again while the model learns. */
export function Filmstrip() {
  const { stores } = usePlayground();
  const rows = useGallery((gallery) => gallery.rows);
  const selectedStep = useGallery((gallery) => gallery.selectedStep);
  const every = useRun((run) => run.config?.filmstripEvery ?? 5);
  const steps = filmstripSteps(rows);
  const newest = steps.at(-1) ?? 0;
  const selected = selectedStep ?? newest;
  const pick = (step: number) => stores.gallery.setState({ selectedStep: step >= newest ? null : step });
  return (
    <Panel
      title="Filmstrip: same prompt, same seed"
      aside={rows.length > 0 ? <StepSlider steps={steps} selected={selected} /> : null}
    >
      {rows.length === 0 ? (
        <p className={styles.empty}>
          Two fixed prompts are drawn here every {every} steps, so that change can be seen.
        </p>
      ) : (
        <ol className={styles.rows}>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the row number is the row's identity
            <Row key={at} row={row} step={selected} onPick={pick} />
          ))}
        </ol>
      )}
    </Panel>
  );
}
