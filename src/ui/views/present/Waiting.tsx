import { PRESENT_WORDS } from "../../text/presenting.ts";
import styles from "./scenes.module.css";

/** Before there is anything to show. */
export function Waiting() {
  return <p className={styles.quiet}>{PRESENT_WORDS.waiting}</p>;
}
