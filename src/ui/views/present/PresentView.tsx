import { type ReactNode, useEffect } from "react";
import type { Beat } from "../../beats.ts";
import { PushButton } from "../../components/PushButton.tsx";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { usePage, usePlayground, useRun } from "../../usePlayground.ts";
import { Change } from "./Change.tsx";
import { Controls } from "./Controls.tsx";
import { keysOf } from "./cues.ts";
import { Drawing } from "./Drawing.tsx";
import { ExampleScene } from "./ExampleScene.tsx";
import { KeysOverlay } from "./KeysOverlay.tsx";
import { LiveStage } from "./LiveStage.tsx";
import { NoteWords } from "./Notes.tsx";
import { NotesWindow } from "./NotesWindow.tsx";
import styles from "./PresentView.module.css";
import { Prompts } from "./Prompts.tsx";
import { isBroken } from "./presenter.ts";
import { RewardCurve } from "./RewardCurve.tsx";
import { StageHead } from "./StageHead.tsx";
import {
  OverlayContext,
  useCue,
  useIsFullScreen,
  useIsPointerResting,
  useOverlays,
  usePresenter,
} from "./usePresenter.ts";

/** What a beat shows. */
function Scene({ beat }: { beat: Beat }): ReactNode {
  switch (beat) {
    case "prompts":
      return <Prompts />;
    case "drawing":
      return <Drawing />;
    case "question":
    case "reward":
      return <ExampleScene beat={beat} />;
    case "change":
      return <Change />;
    case "curve":
      return <RewardCurve />;
    default:
      return beat satisfies never;
  }
}

function Headline({ beat }: { beat: Beat }) {
  const images = useRun((run) => run.config?.groupSize ?? 8);
  return (
    <h1 className={styles.headline} aria-live="polite">
      {PRESENT_WORDS.headlines[beat](images)}
    </h1>
  );
}

function StageNotes({ beat }: { beat: Beat }) {
  const cue = useCue();
  const moveToWindow = () => {
    cue("notes");
    cue("notesWindow");
  };
  return (
    <section className={styles.notes} aria-label={PRESENT_WORDS.notes}>
      <NoteWords beat={beat} />
      <PushButton kind="quiet" shortcut={keysOf("notesWindow")[0]} onPress={moveToWindow}>
        {PRESENT_WORDS.cues.notesWindow}
      </PushButton>
    </section>
  );
}

/** Lies over all, also for assistive technology; afterwards the stage has the focus, as when it opened. */
function BlackOut() {
  const cue = useCue();
  useEffect(() => () => document.getElementById("main")?.focus({ preventScroll: true }), []);
  return (
    <button
      type="button"
      className={styles.dark}
      aria-label={PRESENT_WORDS.dark}
      // biome-ignore lint/a11y/noAutofocus: nothing else can be reached in the dark
      autoFocus
      onClick={() => cue("black")}
    />
  );
}

function Stage() {
  const { source } = usePlayground();
  const beat = usePage((page) => page.beat);
  const lesson = usePage((page) => page.lesson);
  const isBlack = useOverlays((overlays) => overlays.isBlack);
  const hasNotes = useOverlays((overlays) => overlays.hasNotes);
  const hasNotesWindow = useOverlays((overlays) => overlays.hasNotesWindow);
  const hasBegun = useRun((run) => !isBroken(run) && (run.step > 0 || run.activeStep !== null));
  const isFullScreen = useIsFullScreen();
  const isPointerResting = useIsPointerResting();
  return (
    <>
      <div
        className={styles.stage}
        inert={isBlack}
        data-resting={(isFullScreen && isPointerResting) || undefined}
      >
        <StageHead />
        {source === "live" && !hasBegun ? (
          <LiveStage />
        ) : (
          <div key={`${source} ${lesson.id}`} className={styles.beat}>
            <Headline beat={beat} />
            {/* Question and reward tell of the same images, so the one does not end where the other begins. */}
            <div key={beat === "reward" ? "question" : beat} className={styles.scene}>
              <Scene beat={beat} />
            </div>
          </div>
        )}
        {hasNotes && !isBlack ? <StageNotes beat={beat} /> : null}
        <Controls />
      </div>
      <KeysOverlay />
      {isBlack ? <BlackOut /> : null}
      {hasNotesWindow ? <NotesWindow beat={beat} /> : null}
    </>
  );
}

/** The run on a big screen: one idea at a time, by arrow keys. */
export function PresentView() {
  const overlays = usePresenter();
  return (
    <OverlayContext value={overlays}>
      <Stage />
    </OverlayContext>
  );
}
