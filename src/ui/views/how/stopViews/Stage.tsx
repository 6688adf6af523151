import type { ReactNode } from "react";
import { PixelCanvas } from "../../../components/PixelCanvas.tsx";
import { HOW_WORDS } from "../../../text/how.ts";
import type { Study } from "../useStudy.ts";
import styles from "./Stage.module.css";

/** A picture and what is said of it, side by side. */
export function Stage({ picture, children }: { picture: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.stage}>
      <div className={styles.picture}>{picture}</div>
      <div className={styles.side}>{children}</div>
    </div>
  );
}

/** The picture that the numbers are about. */
export function ChosenPicture({ study }: { study: Study }) {
  const image = study.group.drawn.images[study.image];
  return image ? <PixelCanvas image={image} alt={HOW_WORDS.image(study.image + 1)} /> : null;
}

/** What is asked, answered or right, in the model's own words. */
export function Talk({ children }: { children: ReactNode }) {
  return <dl className={styles.talk}>{children}</dl>;
}

/** What the model answered about the picture. */
export function Said({ study, term }: { study: Study; term?: string }) {
  return (
    <div className={styles.said} data-term={term}>
      <dt>{HOW_WORDS.answer}</dt>
      <dd>“{study.group.judged.answers[study.image] || HOW_WORDS.noAnswer}”</dd>
    </div>
  );
}

/** A small line of explanation below the data. */
export function Note({ children }: { children: ReactNode }) {
  return <p className={styles.note}>{children}</p>;
}

/** A title among the data. */
export function Heading({ children }: { children: ReactNode }) {
  return <h3 className={styles.heading}>{children}</h3>;
}
