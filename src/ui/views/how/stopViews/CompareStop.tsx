import { DivergingBar } from "../../../components/DivergingBar.tsx";
import { PixelCanvas } from "../../../components/PixelCanvas.tsx";
import { PushButton } from "../../../components/PushButton.tsx";
import { ADVANTAGE_LIMIT } from "../../../groupLayout.ts";
import { COMPARE_WORDS, HOW_WORDS } from "../../../text/how.ts";
import { formatSigned } from "../../../text/numbers.ts";
import { indexed, Over, Term, useIsLit } from "../lights.tsx";
import { Slide } from "../Slide.tsx";
import { StopFrame } from "../StopFrame.tsx";
import type { Study } from "../useStudy.ts";
import styles from "./CompareStop.module.css";
import type { StopProps } from "./stopProps.ts";

const TERMS = COMPARE_WORDS.terms;
/** Positions of a reward's slider: halves, thirds, quarters and twelfths all have one. */
const REWARD_TICKS = 24;

/** r with a bar. */
const MEAN = "r\u0304";

function Formula({ isScaled }: { isScaled: boolean }) {
  const difference = (
    <>
      <Term name="r">{indexed("r")}</Term> −{" "}
      <Term name="mean">
        <i>{MEAN}</i>
      </Term>
    </>
  );
  const spread = (
    <>
      <Term name="std">
        <i>σ</i>
      </Term>{" "}
      + <i>ε</i>
    </>
  );
  return (
    <>
      <Term name="A">{indexed("A")}</Term> ={" "}
      {isScaled ? <Over top={difference} bottom={spread} /> : difference}
    </>
  );
}

/** Where a slider's thumb stands, as a length of its own width. */
const atShare = (share: number): string =>
  `calc(var(--thumb) / 2 + ${Math.min(1, Math.max(0, share))} * (100% - var(--thumb)))`;

function dragReward(study: Study, at: number, reward: number): void {
  const rewards = study.allRewards.map((known, place) => (place === at ? reward : known));
  study.try({ rewards, image: at });
}

function RewardSlider({ study, at, reward }: { study: Study; at: number; reward: number }) {
  return (
    <span className={styles.drag} data-term="r">
      <input
        type="range"
        className={styles.reward}
        min={0}
        max={REWARD_TICKS}
        step={1}
        value={Math.round(reward * REWARD_TICKS)}
        aria-label={COMPARE_WORDS.drag(at + 1)}
        aria-valuetext={reward.toFixed(2)}
        style={{ "--reach": atShare(reward) } as React.CSSProperties}
        onFocus={() => study.image !== at && study.try({ image: at })}
        onChange={(event) => dragReward(study, at, event.target.valueAsNumber / REWARD_TICKS)}
      />
    </span>
  );
}

function Row({ study, at }: { study: Study; at: number }) {
  const image = study.group.drawn.images[at];
  const reward = study.allRewards[at] ?? 0;
  const advantage = study.advantages[at];
  const isOut = at >= study.rewards.length;
  return (
    <li className={styles.row} data-chosen={at === study.image || undefined} data-out={isOut || undefined}>
      <span className={styles.picture}>
        {image ? <PixelCanvas image={image} alt={HOW_WORDS.image(at + 1)} /> : null}
      </span>
      <RewardSlider study={study} at={at} reward={reward} />
      <span className={styles.number}>{reward.toFixed(2)}</span>
      <span className={styles.advantage} data-term={isOut ? undefined : "A"}>
        <DivergingBar value={isOut ? 0 : (advantage ?? 0)} limit={ADVANTAGE_LIMIT} />
      </span>
      <span className={styles.signed} data-testid="advantage">
        {isOut || advantage === undefined ? "–" : formatSigned(advantage)}
      </span>
    </li>
  );
}

function Rows({ study }: { study: Study }) {
  const { mean, std } = study;
  const lines = {
    "--mean": atShare(mean),
    "--low": atShare(mean - std),
    "--high": atShare(mean + std),
  } as React.CSSProperties;
  const isMeanLit = useIsLit("mean");
  const isSpreadLit = useIsLit("std");
  return (
    <div
      className={styles.chart}
      style={lines}
      data-mean={isMeanLit || undefined}
      data-spread={isSpreadLit || undefined}
    >
      <p className={styles.heads} aria-hidden="true">
        <span>{COMPARE_WORDS.reward}</span>
        <span>{COMPARE_WORDS.advantage}</span>
      </p>
      <ol>
        {study.allRewards.map((_, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the group is the image's identity
          <Row key={at} study={study} at={at} />
        ))}
      </ol>
    </div>
  );
}

function Verdict({ study }: { study: Study }) {
  const { advantages, rewards, config } = study;
  const better = advantages.filter((advantage) => advantage > 0).length;
  const isDead = advantages.every((advantage) => advantage === 0);
  const isClipped = advantages.some((advantage) => Math.abs(advantage) >= config.advantageClip);
  return (
    <p className={styles.verdict}>
      {isDead ? COMPARE_WORDS.dead : COMPARE_WORDS.verdict(better, rewards.length)}{" "}
      {isClipped ? COMPARE_WORDS.clipped(config.advantageClip) : null}{" "}
      {config.objective === "sft" ? COMPARE_WORDS.bySft : null}
    </p>
  );
}

/** The group's rewards, to be dragged, and the advantages that follow from them. */
export function CompareStop({ study, onStop }: StopProps) {
  const { mean, std, image, allRewards, advantages, rewards, config } = study;
  const isScaled = config.advantageScale === "std";
  const advantage = advantages[image];
  const readings = [
    { term: "r", symbol: indexed("r"), words: TERMS.r, value: (allRewards[image] ?? 0).toFixed(2) },
    { term: "mean", symbol: MEAN, words: TERMS.mean, value: mean.toFixed(2) },
    ...(isScaled ? [{ term: "std", symbol: "σ", words: TERMS.std, value: std.toFixed(2) }] : []),
    {
      term: "A",
      symbol: indexed("A"),
      words: TERMS.A,
      value: advantage === undefined ? "–" : formatSigned(advantage),
    },
  ];
  const formula = <Formula isScaled={isScaled} />;
  return (
    <StopFrame stop="compare" study={study} onStop={onStop} formula={formula} readings={readings}>
      <Rows study={study} />
      <Verdict study={study} />
      <div className={styles.tools}>
        <Slide
          label={COMPARE_WORDS.compared}
          value={rewards.length}
          min={2}
          max={allRewards.length}
          step={1}
          shown={COMPARE_WORDS.comparedOf(rewards.length, allRewards.length)}
          onChange={(compared) => study.try({ compared })}
        />
        <PushButton
          icon="reset"
          isDisabled={!study.isTried}
          onPress={() => study.try({ rewards: null, compared: null })}
        >
          {COMPARE_WORDS.restore}
        </PushButton>
      </div>
    </StopFrame>
  );
}
