import { useMemo } from "react";
import { PixelCanvas } from "../../components/PixelCanvas.tsx";
import { PRESENT_WORDS } from "../../text/presenting.ts";
import { useGallery } from "../../usePlayground.ts";
import { bestAndWorst, type Example, pickExample } from "./example.ts";
import styles from "./scenes.module.css";
import { Tiles } from "./Tiles.tsx";
import { useHeld } from "./useHeld.ts";
import { Waiting } from "./Waiting.tsx";

function Picture({ example, at }: { example: Example; at: number }) {
  const { images, prompt, step } = example;
  const image = images[at];
  const alt = `Image ${at + 1} for “${prompt}”, step ${step}, reward ${example.rewards[at]?.toFixed(2)}`;
  return <div className={styles.picture}>{image ? <PixelCanvas image={image} alt={alt} /> : null}</div>;
}

/** The best and the worst of a group, with what the model sees in them. */
function QuestionAndAnswer({ example }: { example: Example }) {
  return (
    <>
      <p className={styles.said}>“{example.question}”</p>
      <div className={styles.pair}>
        {bestAndWorst(example.rewards).map((at) => (
          <figure key={at} className={styles.answered}>
            <Picture example={example} at={at} />
            <figcaption className={styles.answer}>
              {example.answers[at] ? `“${example.answers[at]}”` : PRESENT_WORDS.noAnswer}
            </figcaption>
          </figure>
        ))}
      </div>
    </>
  );
}

function Worth({ reward, advantage }: { reward: number; advantage: number }) {
  const side = advantage > 0 ? "better" : advantage < 0 ? "worse" : "same";
  return (
    <p className={styles.worth} data-side={side}>
      {side === "same" ? null : (
        <>
          <span aria-hidden="true">{side === "better" ? "▲" : "▼"}</span>
          <span className="visuallyHidden">
            {side === "better" ? PRESENT_WORDS.moreOfThese : PRESENT_WORDS.lessOfThese}
          </span>
        </>
      )}
      {reward.toFixed(2)}
    </p>
  );
}

/** The whole group with its rewards, and which way each image pulls. */
function Rewards({ example }: { example: Example }) {
  const { rewards, advantages, images } = example;
  const isDead = advantages.every((advantage) => advantage === 0);
  return (
    <>
      <Tiles
        size={images.length}
        hasWords
        tile={(at) => (
          <>
            <Picture example={example} at={at} />
            <Worth reward={rewards[at] ?? 0} advantage={advantages[at] ?? 0} />
          </>
        )}
      />
      {isDead ? (
        <p className={styles.quiet}>{PRESENT_WORDS.dead}</p>
      ) : (
        <p className={styles.legend} aria-hidden="true">
          <span data-side="better">▲ {PRESENT_WORDS.moreOfThese}</span>
          <span data-side="worse">▼ {PRESENT_WORDS.lessOfThese}</span>
        </p>
      )}
    </>
  );
}

/** One group, held for two beats: what it was asked, then what its answers are worth. */
export function ExampleScene({ beat }: { beat: "question" | "reward" }) {
  const current = useGallery((gallery) => gallery.current);
  const finished = useGallery((gallery) => gallery.finished);
  const example = useHeld(useMemo(() => pickExample({ current, finished }), [current, finished]));
  if (!example) return <Waiting />;
  return beat === "question" ? <QuestionAndAnswer example={example} /> : <Rewards example={example} />;
}
