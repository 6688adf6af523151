import { useCallback, useLayoutEffect, useRef } from "react";
import { Button } from "react-aria-components";
import { columnsOf } from "../../groupLayout.ts";
import type { GroupView, StepView } from "../../stores/galleryStore.ts";
import { LOOK_WORDS } from "../../text/train.ts";
import { SOURCE_WORDS } from "../../text/words.ts";
import { useGallery, usePlayground, useRun } from "../../usePlayground.ts";
import { DisplayPaused, NowSide } from "./DisplayControls.tsx";
import { GroupTile, tileOf } from "./GroupTile.tsx";
import { Inspector } from "./Inspector.tsx";
import styles from "./NowPanel.module.css";
import { PhaseIndicator } from "./PhaseIndicator.tsx";
import { type ShownStep, useShownStep } from "./shownStep.ts";

function describeGroup(group: GroupView | null): string {
  if (!group?.judged) return "";
  const mean = group.judged.rewards.reduce((sum, reward) => sum + reward, 0) / group.judged.rewards.length;
  return mean.toFixed(2);
}

function GroupSelector({ groups, selected }: { groups: readonly (GroupView | null)[]; selected: number }) {
  const { stores, source } = usePlayground();
  return (
    <fieldset className={styles.selector}>
      <legend className={styles.legend}>
        prompt {selected + 1} of {groups.length}
        {source === "recorded" ? <span className={styles.inline}> · {SOURCE_WORDS.badge}</span> : null}
      </legend>
      {groups.map((group, at) => {
        const isDead = group?.scored?.isDead ?? false;
        return (
          <Button
            // biome-ignore lint/suspicious/noArrayIndexKey: the place in the step is the group's identity
            key={at}
            className={`${styles.chip} ${at === selected ? styles.chosen : ""}`}
            aria-pressed={at === selected}
            onPress={() => stores.gallery.setState({ selectedGroup: at })}
          >
            <span className={styles.chipNumber}>
              <span className="visuallyHidden">prompt </span>
              {at + 1}
            </span>
            <span className={styles.chipReward}>{isDead ? "dead" : describeGroup(group) || "·"}</span>
          </Button>
        );
      })}
    </fieldset>
  );
}

function Idle() {
  const config = useRun((run) => run.config);
  const hasOffer = useRun((run) => run.resumeOffer !== null);
  const isStarting = useRun((run) => run.state === "running");
  if (!config) {
    return (
      <>
        <p className={`${styles.prompt} ${styles.waiting}`}>
          {hasOffer ? "The model is open." : "No run yet."}
        </p>
        <p className={styles.question}>
          {hasOffer ? "Continue the saved run, or start a new one." : "\u00a0"}
        </p>
      </>
    );
  }
  return (
    <>
      <p className={styles.prompt}>{isStarting ? "Starting…" : "Ready. Press Play."}</p>
      <p className={styles.question}>
        Each step the model draws {config.groupSize} images for each of {config.promptsPerStep} prompts, asks
        itself about every one, and learns from the answers it gave.
      </p>
    </>
  );
}

/** A step that was asked for and of which no group is left. */
function NoGroup({ lookedAt }: { lookedAt: number }) {
  return (
    <>
      <p className={`${styles.prompt} ${styles.waiting}`}>
        {lookedAt === 0 ? LOOK_WORDS.beginning : LOOK_WORDS.gone(lookedAt)}
      </p>
      <p className={styles.question}>{lookedAt === 0 ? LOOK_WORDS.beginningStory : LOOK_WORDS.goneStory}</p>
    </>
  );
}

function Words({ shown: { step, lookedAt }, group }: { shown: ShownStep; group: GroupView | null }) {
  if (!step) return lookedAt === null ? <Idle /> : <NoGroup lookedAt={lookedAt} />;
  if (!group) {
    return (
      <>
        <p className={`${styles.prompt} ${styles.waiting}`}>Drawing…</p>
        <p className={styles.question}>
          {step.groups.length} prompts, {step.groupSize} images of each
        </p>
      </>
    );
  }
  const { prompt, question, gold } = group.drawn;
  return (
    <>
      <p className={styles.prompt}>“{prompt}”</p>
      <p className={styles.question}>
        <span title={question}>
          It asks itself <q>{question}</q>
        </span>
        <span title={gold}>
          Right answer <q>{gold}</q>
        </span>
      </p>
    </>
  );
}

/** What a group taught, in words; always one line, so that nothing below moves. */
function Verdict({ group }: { group: GroupView | null }) {
  const { judged, scored } = group ?? {};
  if (!judged || !scored) return <p className={styles.verdict}>{"\u00a0"}</p>;
  if (scored.isDead) {
    return (
      <p className={`${styles.verdict} ${styles.dead}`}>
        All {judged.rewards.length} images earned the same, so this group teaches nothing.
      </p>
    );
  }
  const better = scored.advantages.filter((advantage) => advantage > 0).length;
  return (
    <p className={styles.verdict}>
      {better} of {judged.rewards.length} beat the average of the group: more like these, less like the
      others.
    </p>
  );
}

/** Opens an image of the group shown at the time; the same function for as long as the run is shown. */
function useLook(step: StepView | null, group: number): (at: number) => void {
  const { gallery } = usePlayground().stores;
  const shown = useRef({ step, group });
  useLayoutEffect(() => {
    shown.current = { step, group };
  });
  return useCallback(
    (at: number) => {
      const { step: seen, group: seenGroup } = shown.current;
      if (seen) gallery.setState({ inspected: { step: seen, group: seenGroup, at } });
    },
    [gallery],
  );
}

/** The step at work: one prompt, its images, and what the model thinks of them. */
export function NowPanel() {
  const shown = useShownStep();
  const { step, lookedAt } = shown;
  const isGone = lookedAt !== null && step === null;
  const selected = useGallery((gallery) => gallery.selectedGroup);
  const planned = useRun((run) => run.config?.groupSize ?? 8);
  const prompts = useRun((run) => run.config?.promptsPerStep ?? 4);
  const groups = step?.groups ?? Array.from({ length: prompts }, () => null);
  const at = Math.min(selected, groups.length - 1);
  const group = groups[at] ?? null;
  const size = step?.groupSize ?? planned;
  const onLook = useLook(step, at);
  return (
    <section
      className={styles.now}
      aria-labelledby="now-title"
      data-tour="group"
      data-gone={isGone || undefined}
    >
      <h2 id="now-title" className="visuallyHidden">
        The step at work
      </h2>
      <div className={styles.top}>
        <PhaseIndicator isOver={lookedAt !== null && step !== null} />
        <NowSide lookedAt={lookedAt} />
      </div>
      <DisplayPaused />
      <div className={styles.head}>
        <div className={styles.words}>
          <Words shown={shown} group={group} />
        </div>
        <GroupSelector groups={groups} selected={at} />
      </div>
      <ol className={styles.tiles} data-columns={columnsOf(size)}>
        {Array.from({ length: size }, (_, image) => (
          <GroupTile
            // biome-ignore lint/suspicious/noArrayIndexKey: the place in the group is the image's identity
            key={image}
            tile={tileOf(step, at, image)}
            at={image}
            onLook={onLook}
          />
        ))}
      </ol>
      <Verdict group={group} />
      <Inspector />
    </section>
  );
}
