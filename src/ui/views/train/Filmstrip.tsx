import { useCallback, useState } from "react";
import { Panel } from "../../components/Panel.tsx";
import { ToolButton } from "../../components/ToolButton.tsx";
import { type FilmstripRow, frameAt } from "../../stores/galleryStore.ts";
import { newestStep } from "../../stores/pastSteps.ts";
import { FILM_WORDS } from "../../text/train.ts";
import { useGallery, useMetrics, usePlayground, useRun } from "../../usePlayground.ts";
import { FilmRow } from "./FilmRow.tsx";
import styles from "./Filmstrip.module.css";

/** The one slider of the page: it moves the filmstrip, the group and the line on the curves. */
function StepSlider({ newest, selected }: { newest: number; selected: number }) {
  const { stores } = usePlayground();
  return (
    <label className={styles.slider}>
      <span>{FILM_WORDS.slider}</span>
      <input
        type="range"
        min={0}
        max={Math.max(1, newest)}
        step={1}
        value={selected}
        disabled={newest === 0}
        style={{ "--share": `${(selected / Math.max(1, newest)) * 100}%` } as React.CSSProperties}
        aria-valuetext={FILM_WORDS.step(selected)}
        onChange={({ target }) =>
          stores.gallery.setState({
            selectedStep: target.valueAsNumber >= newest ? null : target.valueAsNumber,
          })
        }
      />
      <output>{selected}</output>
    </label>
  );
}

function Comparing({ selected }: { selected: number }) {
  const { stores } = usePlayground();
  const pinnedStep = useGallery((gallery) => gallery.pinnedStep);
  const isSwiped = useGallery((gallery) => gallery.isSwiped);
  const isPinned = pinnedStep !== null;
  return (
    <div className={styles.comparing}>
      <ToolButton
        icon="pin"
        label={isPinned ? FILM_WORDS.unpinHelp(pinnedStep) : FILM_WORDS.pinHelp(selected)}
        isPressed={isPinned}
        onPress={() => stores.gallery.setState({ pinnedStep: isPinned ? null : selected })}
      >
        {FILM_WORDS.pin}
      </ToolButton>
      <ToolButton
        icon="swipe"
        label={FILM_WORDS.swipeHelp}
        isPressed={isSwiped}
        onPress={() => stores.gallery.setState({ isSwiped: !isSwiped })}
      >
        {FILM_WORDS.swipe}
      </ToolButton>
    </div>
  );
}

/** Rows with their number in the run; the pinned one first. */
function ordered(rows: readonly FilmstripRow[], pinnedRow: number | null) {
  const numbered = rows.map((row, at) => ({ row, at }));
  return [...numbered.filter(({ at }) => at === pinnedRow), ...numbered.filter(({ at }) => at !== pinnedRow)];
}

/** The same prompts with the same seeds, drawn again and again while the model learns. */
export function Filmstrip() {
  const { stores } = usePlayground();
  const [share, setShare] = useState(50);
  const rows = useGallery((gallery) => gallery.rows);
  const pinnedRow = useGallery((gallery) => gallery.pinnedRow);
  const isSwiped = useGallery((gallery) => gallery.isSwiped);
  const selectedStep = useGallery((gallery) => gallery.selectedStep);
  const every = useRun((run) => run.config?.filmstripEvery ?? 5);
  const newest = newestStep(
    useMetrics((metrics) => metrics),
    { rows },
  );
  const selected = Math.min(selectedStep ?? newest, newest);
  const pick = useCallback(
    (step: number) => {
      const { gallery, metrics } = stores;
      const last = newestStep(metrics.getState(), gallery.getState());
      gallery.setState({ selectedStep: step >= last ? null : step });
    },
    [stores],
  );
  return (
    <Panel title={FILM_WORDS.title} aside={rows.length > 0 ? <Comparing selected={selected} /> : null}>
      {rows.length === 0 ? (
        <p className={styles.empty}>{FILM_WORDS.empty(every)}</p>
      ) : (
        <>
          <StepSlider newest={newest} selected={selected} />
          <ol className={styles.rows} data-swiped={isSwiped || undefined}>
            {ordered(rows, pinnedRow).map(({ row, at }) => (
              <FilmRow
                key={at}
                row={row}
                at={at}
                after={frameAt(row, selected)}
                onPick={pick}
                share={share}
                onShare={setShare}
              />
            ))}
          </ol>
        </>
      )}
    </Panel>
  );
}
