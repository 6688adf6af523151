import { CONFIG_FIELDS } from "../../../../engine/config.ts";
import { HOW_WORDS, PROMPT_WORDS } from "../../../text/how.ts";
import { LitBox, Term } from "../lights.tsx";
import { StopFrame } from "../StopFrame.tsx";
import styles from "./PromptStop.module.css";
import { Heading, Note, Talk } from "./Stage.tsx";
import type { StopProps } from "./stopProps.ts";

const KINDS: Readonly<Record<string, string>> = CONFIG_FIELDS.promptKind.options;
const TERMS = PROMPT_WORDS.terms;

const FORMULA = (
  <>
    (
    <Term name="prompt">
      <i>p</i>
    </Term>
    ,{" "}
    <Term name="question">
      <i>q</i>
    </Term>
    ,{" "}
    <Term name="gold">
      <i>a</i>*
    </Term>
    ) ∼ <Term name="tasks">tasks</Term>
  </>
);

function Choices({ study }: Pick<StopProps, "study">) {
  return (
    <ol className={styles.choices} aria-label={PROMPT_WORDS.title}>
      {study.step.groups.map((group, at) =>
        group ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the step is the group's identity
          <li key={at}>
            <button
              type="button"
              className={styles.choice}
              aria-pressed={at === study.at}
              aria-label={PROMPT_WORDS.choose(at + 1, group.drawn.prompt)}
              onClick={() => study.chooseGroup(at)}
            >
              <span className={styles.number}>{at + 1}</span>
              <span>{group.drawn.prompt}</span>
            </button>
          </li>
        ) : null,
      )}
    </ol>
  );
}

/** What a step begins with: prompts, their questions and right answers. */
export function PromptStop({ study, onStop }: StopProps) {
  const { question, gold, tag } = study.group.drawn;
  const readings = [
    { term: "prompt", symbol: "p", words: TERMS.prompt, value: "" },
    { term: "question", symbol: "q", words: TERMS.question, value: "" },
    { term: "gold", symbol: "a*", words: TERMS.gold, value: "" },
    { term: "tasks", symbol: "∼", words: TERMS.tasks, value: KINDS[tag] ?? tag },
  ];
  return (
    <StopFrame stop="prompt" study={study} onStop={onStop} formula={FORMULA} readings={readings}>
      <Talk>
        <LitBox term="question">
          <dt>{HOW_WORDS.question}</dt>
          <dd>{question}</dd>
        </LitBox>
        <LitBox term="gold">
          <dt>{HOW_WORDS.gold}</dt>
          <dd>{gold}</dd>
        </LitBox>
      </Talk>
      <Heading>{PROMPT_WORDS.title}</Heading>
      <Choices study={study} />
      <Note>{PROMPT_WORDS.note(study.step.groups.length, study.step.groupSize)}</Note>
    </StopFrame>
  );
}
