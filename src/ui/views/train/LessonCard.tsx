import card from "../../components/Card.module.css";
import { PushButton } from "../../components/PushButton.tsx";
import { LESSON_WORDS } from "../../text/words.ts";
import { usePage, usePlayground } from "../../usePlayground.ts";
import styles from "./LessonCard.module.css";

/** The lesson's story beside its run: what is done, what happens, why, and where to look. */
export function LessonCard() {
  const { page, source } = usePlayground();
  const { title, story, lookAt } = usePage(({ lesson }) => lesson);
  return (
    <section className={`${card.card} ${styles.card}`} aria-label={`${LESSON_WORDS.kicker}: ${title}`}>
      <p className={`${card.kicker} ${styles.kicker}`}>{LESSON_WORDS.kicker}</p>
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.story}>{story.join(" ")}</p>
      <h3 className={`${card.kicker} ${styles.look}`}>{LESSON_WORDS.lookAt}</h3>
      <dl className={styles.places}>
        {lookAt.map(({ place, words }) => (
          <div key={place}>
            <dt>{LESSON_WORDS.places[place]}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.try}>
        {source === "recorded" ? (
          <PushButton onPress={() => page.playLive()}>{LESSON_WORDS.tryIt}</PushButton>
        ) : (
          <PushButton onPress={() => void page.show("recorded")}>{LESSON_WORDS.watch}</PushButton>
        )}
      </div>
    </section>
  );
}
