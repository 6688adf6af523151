import { Panel } from "../../components/Panel.tsx";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { isComplete, type Pair, showPair } from "../../stores/arenaStore.ts";
import { type Vote, voteOn } from "../../stores/votesStore.ts";
import { ARENA_WORDS, describeOutcome } from "../../text/arena.ts";
import { useArena, usePlayground, useVotes } from "../../usePlayground.ts";
import styles from "./History.module.css";
import { sidesOf } from "./sides.ts";
import { verdictOf } from "./verdict.ts";

function Earlier({ pair, vote, isShown }: { pair: Pair; vote: Vote | null; isShown: boolean }) {
  const { stores } = usePlayground();
  const verdict = vote ? verdictOf(vote) : null;
  const outcome = describeOutcome(verdict);
  return (
    <li>
      <button
        type="button"
        className={styles.pair}
        aria-current={isShown || undefined}
        aria-label={ARENA_WORDS.lookAgain(pair.prompt, outcome)}
        onClick={() => stores.arena.setState((arena) => showPair(arena, pair.origin, pair.id))}
      >
        <span className={styles.both} aria-hidden="true">
          {sidesOf(pair, true).map(({ place, picture, alt }) => (
            <span key={place} className={styles.thumb} data-best={place === verdict || undefined}>
              {picture ? <PixelCanvas image={picture.image} alt={alt} /> : null}
            </span>
          ))}
        </span>
        <span className={styles.outcome}>{outcome}</span>
      </button>
    </li>
  );
}

/** Pairs of this visit: those voted on, and live ones that wait for a vote. */
export function History() {
  const { source } = usePlayground();
  const pairs = useArena((arena) => arena.pairs[source]);
  const shown = useArena((arena) => arena.shown[source]);
  const votes = useVotes((view) => view.votes);
  const earlier = pairs
    .filter(
      (pair) => voteOn(votes, pair) !== null || (source === "live" && isComplete(pair) && pair.id !== shown),
    )
    .toReversed();
  return (
    <Panel title={ARENA_WORDS.history}>
      {earlier.length === 0 ? (
        <p className={styles.none}>{ARENA_WORDS.historyEmpty}</p>
      ) : (
        <ol className={styles.strip}>
          {earlier.map((pair) => (
            <Earlier key={pair.id} pair={pair} vote={voteOn(votes, pair)} isShown={pair.id === shown} />
          ))}
        </ol>
      )}
    </Panel>
  );
}
