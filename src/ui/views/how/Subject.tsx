import { PushButton } from "../../components/PushButton.tsx";
import { HOW_WORDS } from "../../text/how.ts";
import { usePlayground } from "../../usePlayground.ts";
import { LitBox } from "./lights.tsx";
import styles from "./Subject.module.css";
import type { Study } from "./useStudy.ts";

/** Which prompt of which step is looked at, and the ways to others. */
export function Subject({ study }: { study: Study }) {
  const { source } = usePlayground();
  const { step, at, group, newerStep } = study;
  const count = step.groups.length;
  return (
    <div className={styles.subject}>
      <div>
        <LitBox term="prompt">
          <p className={styles.prompt}>“{group.drawn.prompt}”</p>
        </LitBox>
        <p className={styles.facts}>
          <span>
            {HOW_WORDS.stepOf(step.step)} · {HOW_WORDS.promptOf(at + 1, count)}
          </span>
          {source === "recorded" ? <span className={styles.badge}>{HOW_WORDS.recorded}</span> : null}
          {study.isHeld ? <span>· {HOW_WORDS.held}</span> : null}
        </p>
      </div>
      <div className={styles.ways}>
        {newerStep === null ? null : (
          <PushButton onPress={study.follow}>{HOW_WORDS.showNewer(newerStep)}</PushButton>
        )}
        <PushButton icon="left" isIconOnly isDisabled={at === 0} onPress={() => study.chooseGroup(at - 1)}>
          {HOW_WORDS.earlier}
        </PushButton>
        <PushButton
          icon="right"
          isIconOnly
          isDisabled={at >= count - 1}
          onPress={() => study.chooseGroup(at + 1)}
        >
          {HOW_WORDS.later}
        </PushButton>
      </div>
    </div>
  );
}
