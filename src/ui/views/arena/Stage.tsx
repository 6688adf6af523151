import type { ReactNode } from "react";
import { chooseBlind, nextRecorded } from "../../arena/arena.ts";
import { Segments } from "../../components/Segments.tsx";
import { isComplete, type Pair, type Picture } from "../../stores/arenaStore.ts";
import { voteOn } from "../../stores/votesStore.ts";
import { ARENA_WORDS, describeVote, LETTERS, LOOK_WORDS, nameOf, STAGE_WORDS } from "../../text/arena.ts";
import { formatShare } from "../../text/numbers.ts";
import { useArena, usePlayground, useVotes } from "../../usePlayground.ts";
import { Pictures } from "./Pictures.tsx";
import styles from "./Stage.module.css";
import { type Side, sidesOf } from "./sides.ts";
import { VoteBar } from "./VoteBar.tsx";
import { verdictOf } from "./verdict.ts";

function Head({ pair, isHidden, aside }: Omit<StageProps, "empty">) {
  const playground = usePlayground();
  const look = useArena((arena) => arena.look);
  const isBlind = useArena((arena) => arena.isBlind);
  return (
    <header className={styles.head}>
      <div className={styles.about}>
        {playground.source === "recorded" ? (
          <span className={styles.badge}>
            {pair && !isHidden ? ARENA_WORDS.fromLesson(pair.title) : ARENA_WORDS.recorded}
          </span>
        ) : null}
        {pair ? <span className={styles.seed}>{ARENA_WORDS.seedOf(pair.seed)}</span> : null}
        {aside}
      </div>
      <div className={styles.ways}>
        <label className={styles.blind} title={ARENA_WORDS.blindHelp}>
          <input
            type="checkbox"
            checked={isBlind}
            onChange={(event) => chooseBlind(playground, event.target.checked)}
          />
          {ARENA_WORDS.blind}
        </label>
        <Segments
          label={ARENA_WORDS.look}
          options={LOOK_WORDS}
          value={look}
          onChange={(chosen) => playground.stores.arena.setState({ look: chosen })}
        />
      </div>
    </header>
  );
}

function Answer({ picture }: { picture: Picture }) {
  if (picture.question === null) return <p className={styles.answer}>{ARENA_WORDS.noQuestion}</p>;
  return (
    <p className={styles.answer}>
      <q>{picture.answer || ARENA_WORDS.noAnswer}</q>
      {picture.probability === null ? null : <span>{formatShare(picture.probability)}</span>}
    </p>
  );
}

function Caption({ side, isLive }: { side: Side; isLive: boolean }) {
  const { place, contender, picture } = side;
  return (
    <div className={styles.caption} data-place={place}>
      <p className={styles.name}>
        <strong>{LETTERS[place]}</strong>
        {contender ? <span>{nameOf(contender)}</span> : null}
      </p>
      {isLive ? <div className={styles.said}>{picture ? <Answer picture={picture} /> : null}</div> : null}
    </div>
  );
}

/** What the status line says of the pair. */
function useWords(pair: Pair | null, isHidden: boolean): string {
  const playground = usePlayground();
  const isDrawing = useArena((arena) => arena.job !== null && arena.job.id === pair?.id);
  const isStopping = useArena((arena) => arena.job?.isStopping ?? false);
  const ending = useArena((arena) => arena.ending);
  const vote = useVotes(({ votes }) => (pair ? voteOn(votes, pair) : null));
  const isMoreRecorded = useArena((arena) => arena.isMoreRecorded);
  if (!pair) return "";
  const sides = sidesOf(pair, isHidden);
  if (isDrawing) {
    const next = sides.find(({ picture }) => picture === null);
    return isStopping || !next ? STAGE_WORDS.ending : STAGE_WORDS.drawing(LETTERS[next.place]);
  }
  if (!isComplete(pair)) return ending === "failed" ? STAGE_WORDS.failed : STAGE_WORDS.stopped;
  if (!vote) return isHidden ? STAGE_WORDS.whichBlind : STAGE_WORDS.which;
  const isLast = pair.origin === "recorded" && !isMoreRecorded && nextRecorded(playground) === null;
  const names = sides.map(({ contender }) => (contender ? nameOf(contender) : ""));
  return `${describeVote(verdictOf(vote), names[0] ?? "", names[1] ?? "")}${isLast ? ` ${STAGE_WORDS.last}` : ""}`;
}

export interface StageProps {
  readonly pair: Pair | null;
  readonly isHidden: boolean;
  /** What stands here while there is no pair. */
  readonly empty: string;
  readonly aside: ReactNode;
}

/** The pair, large; whose is whose, once that may be known; and the vote. */
export function Stage({ pair, isHidden, empty, aside }: StageProps) {
  const look = useArena((arena) => arena.look);
  const job = useArena((arena) => arena.job);
  const vote = useVotes(({ votes }) => (pair ? voteOn(votes, pair) : null));
  const words = useWords(pair, isHidden);
  const { source } = usePlayground();
  const sides = pair ? sidesOf(pair, isHidden) : [];
  const drawn = sides.filter(({ picture }) => picture !== null).length;
  const isLive = pair?.origin === "live";
  const waiting = (side: Side) => {
    if (job === null) return ARENA_WORDS.notDrawn;
    return sides.indexOf(side) === drawn ? ARENA_WORDS.drawing : ARENA_WORDS.waiting;
  };
  const question = pair?.pictures.find((picture) => picture?.question)?.question ?? null;
  return (
    <section
      className={styles.stage}
      data-live={source === "live" || undefined}
      aria-label={ARENA_WORDS.pair}
    >
      <Head pair={pair} isHidden={isHidden} aside={aside} />
      <h2 className={styles.prompt}>{pair ? `“${pair.prompt}”` : empty}</h2>
      <div className={styles.pictures}>
        {pair ? (
          // Where the border stands and what blinks belongs to one pair.
          <Pictures key={pair.id} look={look} sides={sides} waiting={waiting} />
        ) : (
          <div className={styles.blank} aria-hidden="true">
            <span />
            <span />
          </div>
        )}
      </div>
      {isLive ? <p className={styles.question}>{question ? ARENA_WORDS.asks(question) : ""}</p> : null}
      <div className={styles.captions}>
        {sides.map((side) => (
          <Caption key={side.place} side={side} isLive={isLive} />
        ))}
      </div>
      <VoteBar
        chosen={vote ? verdictOf(vote) : null}
        words={words}
        hasNext={source === "recorded" || (pair !== null && isComplete(pair))}
      />
    </section>
  );
}
