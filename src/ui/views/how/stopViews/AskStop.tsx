import { CONFIG_FIELDS } from "../../../../engine/config.ts";
import { ASK_WORDS, HOW_WORDS } from "../../../text/how.ts";
import { formatShare } from "../../../text/numbers.ts";
import { temper } from "../formulas.ts";
import { GroupStrip } from "../GroupStrip.tsx";
import { Over, Term } from "../lights.tsx";
import { Slide } from "../Slide.tsx";
import { StopFrame } from "../StopFrame.tsx";
import styles from "./AskStop.module.css";
import { ChosenPicture, Note, Said, Stage, Talk } from "./Stage.tsx";
import type { StopProps } from "./stopProps.ts";

const TERMS = ASK_WORDS.terms;
const { min: COLDEST, max: HOTTEST } = CONFIG_FIELDS.answerTemperature;

const powered = (base: string) => (
  <>
    {base}
    <sup>
      1/<Term name="T">T</Term>
    </sup>
  </>
);

const SYMBOL = (
  <i>
    p<sub>T</sub>
  </i>
);

const FORMULA = (
  <>
    <Term name="pT">{SYMBOL}</Term> ={" "}
    <Over
      top={
        <>
          <Term name="p">
            <i>p</i>
          </Term>
          {powered("")}
        </>
      }
      bottom={
        <>
          <i>p</i>
          {powered("")} + (1 − <i>p</i>){powered("")}
        </>
      }
    />
  </>
);

function Bar({ label, share, isOwn }: { label: string; share: number; isOwn: boolean }) {
  return (
    <div className={styles.bar} data-term={isOwn ? "pT" : undefined}>
      <dt>{label}</dt>
      <dd>
        <span className={styles.track} aria-hidden="true">
          <span className={isOwn ? styles.own : styles.rest} style={{ width: `${share * 100}%` }} />
        </span>
        <span className={styles.share}>{formatShare(share)}</span>
      </dd>
    </div>
  );
}

/** The model's question to itself, its answer, and how sure it was. */
export function AskStop({ study, onStop }: StopProps) {
  const { group, image, temperature, config } = study;
  const { question } = group.drawn;
  const probability = group.judged.probabilities[image] ?? 0;
  const tempered = temper(probability, temperature);
  const readings = [
    { term: "p", symbol: "p", words: TERMS.p, value: formatShare(probability) },
    { term: "T", symbol: "T", words: TERMS.T, value: temperature.toFixed(2) },
    { term: "pT", symbol: SYMBOL, words: TERMS.pT, value: formatShare(tempered) },
  ];
  return (
    <StopFrame stop="ask" study={study} onStop={onStop} formula={FORMULA} readings={readings}>
      <Stage picture={<ChosenPicture study={study} />}>
        <Talk>
          <div>
            <dt>{HOW_WORDS.question}</dt>
            <dd>{question}</dd>
          </div>
          <Said study={study} term="p" />
        </Talk>
        <dl className={styles.bars}>
          <Bar label={ASK_WORDS.given} share={tempered} isOwn />
          <Bar label={ASK_WORDS.others} share={1 - tempered} isOwn={false} />
        </dl>
        <Slide
          label={ASK_WORDS.temperature}
          value={temperature}
          min={COLDEST}
          max={HOTTEST}
          step={0.05}
          shown={temperature.toFixed(2)}
          term="T"
          onChange={study.setTemperature}
        />
      </Stage>
      <GroupStrip study={study} caption={(at) => formatShare(group.judged.probabilities[at] ?? 0)} />
      <Note>
        {ASK_WORDS.note} {ASK_WORDS.sampled(config.answerTemperature)}
      </Note>
    </StopFrame>
  );
}
