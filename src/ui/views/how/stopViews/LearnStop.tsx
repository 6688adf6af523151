import type { RunConfig } from "../../../../engine/config.ts";
import { PixelCanvas } from "../../../components/PixelCanvas.tsx";
import { ADVANTAGE_LIMIT } from "../../../groupLayout.ts";
import { type FilmstripRow, frameAt } from "../../../stores/galleryStore.ts";
import { LEARN_WORDS } from "../../../text/how.ts";
import { formatMetric, formatSigned } from "../../../text/numbers.ts";
import { useGallery, useMetrics } from "../../../usePlayground.ts";
import { countTeaching } from "../formulas.ts";
import strip from "../GroupStrip.module.css";
import { MOST_COLUMNS } from "../GroupStrip.tsx";
import { indexed, Term } from "../lights.tsx";
import { readMetrics } from "../readMetrics.ts";
import { Spark } from "../Spark.tsx";
import { StopFrame } from "../StopFrame.tsx";
import styles from "./LearnStop.module.css";
import { Heading, Note } from "./Stage.tsx";
import type { StopProps } from "./stopProps.ts";

const TERMS = LEARN_WORDS.terms;

const FORMULA = (
  <>
    {indexed("L")} = − <Term name="A">{indexed("A")}</Term> <Term name="rho">{indexed("ρ")}</Term> +{" "}
    <Term name="beta">
      <i>β</i>
    </Term>{" "}
    <Term name="KL">KL</Term>
  </>
);

/** Pictures on a line: bars up where they become more likely, down where less. */
function Pushes({ study }: Pick<StopProps, "study">) {
  const { advantages } = study.group.scored;
  return (
    <ul
      className={strip.strip}
      aria-label={LEARN_WORDS.pushes}
      style={{ "--columns": Math.min(advantages.length, MOST_COLUMNS) } as React.CSSProperties}
    >
      {study.group.drawn.images.map((image, at) => {
        const advantage = advantages[at] ?? 0;
        const height = `${Math.min(1, Math.abs(advantage) / ADVANTAGE_LIMIT) * 100}%`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the group is the image's identity
          <li key={at} data-term="A">
            <button
              type="button"
              className={strip.choice}
              aria-pressed={at === study.image}
              aria-label={LEARN_WORDS.push(at + 1, advantage)}
              onClick={() => study.try({ image: at })}
            >
              <span className={styles.up}>
                {advantage > 0 ? <span className={styles.plus} style={{ height }} /> : null}
              </span>
              <span className={strip.picture} aria-hidden="true">
                <PixelCanvas image={image} alt="" />
              </span>
              <span className={styles.down}>
                {advantage < 0 ? <span className={styles.minus} style={{ height }} /> : null}
              </span>
              <span className={styles.signed}>{formatSigned(advantage)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function PullTable(props: { config: RunConfig; klImage: number | null; klAnswer: number | null }) {
  const { config, klImage, klAnswer } = props;
  const rows = [
    { name: LEARN_WORDS.drawing, weight: config.imageWeight, beta: config.klImage, kl: klImage },
    { name: LEARN_WORDS.answering, weight: config.answerWeight, beta: config.klAnswer, kl: klAnswer },
  ];
  const say = (value: number | null) => (value === null ? "–" : formatMetric(value));
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{LEARN_WORDS.term}</th>
          <th scope="col">{LEARN_WORDS.weight}</th>
          <th scope="col">{LEARN_WORDS.beta}</th>
          <th scope="col">{LEARN_WORDS.kl}</th>
          <th scope="col">{LEARN_WORDS.pull}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, weight, beta, kl }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{weight}</td>
            <td data-term="beta">{beta}</td>
            <td data-term="KL">{say(kl)}</td>
            <td>{say(kl === null ? null : beta * kl)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The same prompt and seed before anything was learnt, and at the step looked at. */
function Difference({ row, step }: { row: FilmstripRow; step: number }) {
  const first = row.frames[0];
  const now = frameAt(row, step);
  if (!first || !now) return null;
  return (
    <figure className={styles.difference}>
      <div className={styles.pair}>
        {[first, now].map((frame, at) => (
          <div key={at === 0 ? "before" : "after"}>
            <span className={styles.picture}>
              <PixelCanvas image={frame.image} alt={LEARN_WORDS.altFixed(row.prompt, frame.step)} />
            </span>
            <span className={styles.caption}>
              {frame.step === 0 ? LEARN_WORDS.before : LEARN_WORDS.after(frame.step)}
            </span>
          </div>
        ))}
      </div>
      <figcaption>
        <Note>
          {LEARN_WORDS.fixed}: “{row.prompt}”
        </Note>
      </figcaption>
    </figure>
  );
}

function describePush({ study }: Pick<StopProps, "study">): string {
  const { config, group } = study;
  if (config.objective === "sft") return LEARN_WORDS.bySft;
  if (group.scored.isDead) return LEARN_WORDS.dead;
  const { rewards } = group.judged;
  const say = config.imageWeight > 0 ? LEARN_WORDS.gate : LEARN_WORDS.answersOnly;
  return say(countTeaching(rewards, config.answerGate), rewards.length);
}

/** What the step does to the weights: the push of every picture, and the pull to the start. */
export function LearnStop({ study, onStop }: StopProps) {
  const { config, step, image } = study;
  useMetrics((metrics) => metrics.version);
  const columns = useMetrics((metrics) => metrics.columns);
  const row = useGallery((gallery) => gallery.rows[0] ?? null);
  const { history, klImage, klAnswer } = readMetrics(columns, step.step);
  const advantage = study.group.scored.advantages[image] ?? 0;
  const readings = [
    { term: "A", symbol: indexed("A"), words: TERMS.A, value: formatSigned(advantage) },
    { term: "rho", symbol: indexed("ρ"), words: TERMS.rho, value: "1", aside: LEARN_WORDS.slope },
    { term: "beta", symbol: "β", words: TERMS.beta, value: String(config.klImage) },
    { term: "KL", symbol: "KL", words: TERMS.KL, value: klImage === null ? "–" : formatMetric(klImage) },
  ];
  return (
    <StopFrame stop="learn" study={study} onStop={onStop} formula={FORMULA} readings={readings}>
      <Heading>{LEARN_WORDS.pushes}</Heading>
      <Pushes study={study} />
      <Note>{describePush({ study })}</Note>
      <div className={styles.halves}>
        <section>
          <Heading>{LEARN_WORDS.pulls}</Heading>
          <PullTable config={config} klImage={klImage} klAnswer={klAnswer} />
          <Spark
            values={history}
            label={LEARN_WORDS.spark(step.step - history.length + 1, step.step)}
            term="KL"
          />
        </section>
        {row ? <Difference row={row} step={step.step} /> : null}
      </div>
    </StopFrame>
  );
}
