import { useEffect, useRef } from "react";
import { Button } from "react-aria-components";
import { nextPair } from "../../actions/nextPair.ts";
import { votes } from "../../actions/vote.ts";
import type { Verdict } from "../../arena/arena.ts";
import { stopDrawing, undoVote } from "../../arena/arena.ts";
import { PushButton } from "../../components/PushButton.tsx";
import { ARENA_WORDS } from "../../text/arena.ts";
import { keyName } from "../../text/keyName.ts";
import { useArena, usePlayground, useSettings } from "../../usePlayground.ts";
import styles from "./VoteBar.module.css";

/** To be seen; whoever listens hears of the key from the button itself. */
function KeyCap({ name }: { name: string }) {
  return (
    <span className={styles.key} aria-hidden="true">
      {name}
    </span>
  );
}

function VoteButtons({ chosen, onPress }: { chosen: Verdict | null; onPress: () => void }) {
  const playground = usePlayground();
  const hasKeys = useSettings((settings) => settings.hasShortcuts);
  return (
    <fieldset className={styles.votes} aria-label={ARENA_WORDS.which}>
      {votes.map((action) => (
        <Button
          key={action.id}
          className={styles.vote ?? ""}
          aria-keyshortcuts={hasKeys ? action.keys[0] : undefined}
          aria-pressed={action.id === `vote.${chosen}`}
          isDisabled={!action.isEnabled(playground)}
          onPress={() => {
            onPress();
            action.run(playground);
          }}
        >
          {hasKeys ? <KeyCap name={keyName(action.keys[0] ?? "")} /> : null}
          {action.label(playground)}
        </Button>
      ))}
    </fieldset>
  );
}

/** The way on: to the next recorded pair, or to a new one. */
function Next({ isMain, isThere }: { isMain: boolean; isThere: boolean }) {
  const playground = usePlayground();
  const isDrawing = useArena((arena) => arena.job !== null) && playground.source === "live";
  const isStopping = useArena((arena) => arena.job?.isStopping ?? false);
  if (isDrawing) {
    return (
      <PushButton icon="stop" isDisabled={isStopping} onPress={() => stopDrawing(playground)}>
        {isStopping ? ARENA_WORDS.stopping : ARENA_WORDS.stop}
      </PushButton>
    );
  }
  if (!isThere) return null;
  return (
    <PushButton
      kind={isMain ? "main" : "plain"}
      shortcut={nextPair.keys[0]}
      isDisabled={!nextPair.isEnabled(playground)}
      onPress={() => nextPair.run(playground)}
    >
      {nextPair.label(playground)}
    </PushButton>
  );
}

export interface VoteBarProps {
  /** How the pair was voted on. */
  readonly chosen: Verdict | null;
  /** What there is to say now. */
  readonly words: string;
  /** Whether there is anything to go on from. */
  readonly hasNext: boolean;
}

/** Four ways to vote, what came of it, and the way on. */
export function VoteBar({ chosen, words, hasNext }: VoteBarProps) {
  const playground = usePlayground();
  const way = useRef<HTMLDivElement>(null);
  const isPressed = useRef(false);
  useEffect(() => {
    // A button that has done its work lets go of the focus: whoever pressed it goes on from the next one.
    if (chosen !== null && isPressed.current)
      way.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    isPressed.current = false;
  }, [chosen]);
  const notePress = () => {
    isPressed.current = true;
  };
  return (
    <div className={styles.bar}>
      <VoteButtons chosen={chosen} onPress={notePress} />
      <div className={styles.outcome}>
        <p className={styles.words} role="status">
          {words}
        </p>
        <div className={styles.buttons} ref={way}>
          <Next isMain={chosen !== null} isThere={hasNext} />
          {chosen === null ? null : (
            <PushButton kind="quiet" onPress={() => undoVote(playground)}>
              {ARENA_WORDS.undo}
            </PushButton>
          )}
        </div>
      </div>
    </div>
  );
}
