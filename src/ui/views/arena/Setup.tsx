import { useId } from "react";
import { useStore } from "zustand";
import { nextPair } from "../../actions/nextPair.ts";
import { drawPair } from "../../arena/arena.ts";
import { chosenWeights, type Hindrance, hindranceOf } from "../../arena/contest.ts";
import { rollSeed } from "../../arena/dice.ts";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { WeightsPicker } from "../../components/WeightsPicker.tsx";
import { LiveOffer } from "../../shell/LiveOffer.tsx";
import { type Ask, isComplete, shownPair } from "../../stores/arenaStore.ts";
import { ARENA_WORDS, HINDRANCE_WORDS } from "../../text/arena.ts";
import { useArena, useGallery, useLive, usePlayground } from "../../usePlayground.ts";
import { useWeightsOptions } from "../../useWeights.ts";
import styles from "./Setup.module.css";

const LONGEST_WORDS = 200;

function useAsk(): readonly [Ask, (change: Partial<Ask>) => void] {
  const { stores } = usePlayground();
  const ask = useArena((arena) => arena.ask);
  return [
    ask,
    (change) => stores.arena.setState((arena) => ({ ask: { ...arena.ask, ...change }, wanted: null })),
  ];
}

/** Prompts that were seen elsewhere, to choose from; any other may be typed. */
function useKnownPrompts(): string[] {
  const rows = useGallery((gallery) => gallery.rows);
  const groups = useGallery((gallery) => gallery.finished?.groups);
  const recorded = useArena((arena) => arena.pairs.recorded);
  const drawn = (groups ?? []).flatMap((group) => group?.drawn.prompt ?? []);
  return [...new Set([...rows, ...recorded].map(({ prompt }) => prompt).concat(drawn))];
}

function PromptField() {
  const [ask, change] = useAsk();
  const listId = useId();
  const prompts = useKnownPrompts();
  const { page } = usePlayground();
  return (
    <label className={styles.field}>
      <span className={styles.label}>{ARENA_WORDS.prompt}</span>
      <input
        className={`${styles.text} ${styles.prompt}`}
        type="text"
        list={listId}
        maxLength={LONGEST_WORDS}
        placeholder={ARENA_WORDS.promptHint}
        value={ask.prompt}
        onChange={(event) => change({ prompt: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter") drawPair({ page });
        }}
      />
      <datalist id={listId}>
        {prompts.map((prompt) => (
          <option key={prompt} value={prompt} />
        ))}
      </datalist>
    </label>
  );
}

function SeedField() {
  const [ask, change] = useAsk();
  return (
    <div className={styles.seed}>
      <label className={styles.field}>
        <span className={styles.label}>{ARENA_WORDS.seed}</span>
        <input
          className={styles.text}
          type="text"
          maxLength={LONGEST_WORDS}
          autoComplete="off"
          value={ask.seed}
          onChange={(event) => change({ seed: event.target.value })}
        />
      </label>
      <PushButton icon="dice" isIconOnly onPress={() => change({ seed: rollSeed() })}>
        {ARENA_WORDS.roll}
      </PushButton>
      <label className={styles.keep} title={ARENA_WORDS.keepSeedHelp}>
        <input
          type="checkbox"
          checked={ask.isSeedKept}
          onChange={(event) => change({ isSeedKept: event.target.checked })}
        />
        {ARENA_WORDS.keepSeed}
      </label>
    </div>
  );
}

function Contenders() {
  const [ask, change] = useAsk();
  const options = useWeightsOptions();
  const [first, second] = chosenWeights(options, ask);
  return (
    <div className={styles.contenders}>
      <WeightsPicker
        label={ARENA_WORDS.first}
        options={options}
        value={first}
        onChange={({ source }) => change({ sources: [source, second.source] })}
      />
      <WeightsPicker
        label={ARENA_WORDS.second}
        options={options}
        value={second}
        onChange={({ source }) => change({ sources: [first.source, source] })}
      />
    </div>
  );
}

function useHindrance(): Hindrance | null {
  const arena = useArena((view) => view);
  const run = useLive((view) => view);
  return hindranceOf(arena, run, chosenWeights(useWeightsOptions(), arena.ask));
}

function Draw() {
  const { page } = usePlayground();
  const pair = useArena((arena) => shownPair(arena, "live"));
  const isBlocked = useHindrance() !== null;
  // A pair that waits for a vote, or has one, has the way on below it.
  const isMain = pair === null || !isComplete(pair);
  return (
    <PushButton
      kind={isMain ? "main" : "plain"}
      shortcut={nextPair.keys[0]}
      isDisabled={isBlocked}
      onPress={() => drawPair({ page })}
    >
      {ARENA_WORDS.draw}
    </PushButton>
  );
}

/** What keeps a pair from being drawn, or what drawing will do to the run. */
function Words() {
  const hindrance = useHindrance();
  const { live } = usePlayground().page;
  const isJudging = useStore(live.stores.evaluation, ({ active }) => active !== null && !active.isStoredOnly);
  const isTraining = useLive(({ state }) => state === "running" || state === "pausing");
  if (hindrance !== null && hindrance !== "drawing") return HINDRANCE_WORDS[hindrance];
  if (isJudging) return ARENA_WORDS.endsJudging;
  return isTraining ? ARENA_WORDS.pauses : "";
}

/** What meets, and on what; or the way to a model. */
export function Setup() {
  const isReady = useLive((run) => run.opening === "ready" && run.model !== null);
  return (
    <Panel title={ARENA_WORDS.setup}>
      {isReady ? (
        <>
          <div className={styles.setup}>
            <Contenders />
            <div className={styles.drawing}>
              <PromptField />
              <SeedField />
            </div>
          </div>
          <div className={styles.draw}>
            <Draw />
            <p className={styles.words}>
              <Words />
            </p>
          </div>
        </>
      ) : (
        <div className={styles.offer}>
          <p>{ARENA_WORDS.needsModel}</p>
          <LiveOffer />
        </div>
      )}
    </Panel>
  );
}
