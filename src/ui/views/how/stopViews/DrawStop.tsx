import { useMemo } from "react";
import { momentsOf } from "../../../stores/decoding.ts";
import { DRAW_WORDS } from "../../../text/how.ts";
import { useSettings } from "../../../usePlayground.ts";
import { tokenStates } from "../formulas.ts";
import { GroupStrip } from "../GroupStrip.tsx";
import { Over, Term } from "../lights.tsx";
import { MaskedPicture } from "../MaskedPicture.tsx";
import { Slide } from "../Slide.tsx";
import { StopFrame } from "../StopFrame.tsx";
import styles from "./DrawStop.module.css";
import { Note, Stage } from "./Stage.tsx";
import type { StopProps } from "./stopProps.ts";

const TERMS = DRAW_WORDS.terms;

const FORMULA = (
  <>
    <Term name="hidden">
      <i>h</i>
    </Term>{" "}
    = ⌊{" "}
    <Term name="tokens">
      <i>N</i>
    </Term>{" "}
    cos <Over top="π" bottom="2" />
    <Over
      top={
        <Term name="step">
          <i>k</i>
        </Term>
      }
      bottom={
        <Term name="steps">
          <i>T</i>
        </Term>
      }
    />{" "}
    ⌋
  </>
);

const NONE = new Uint8Array(0);

/** The looks at one image's decoding, and the one chosen; the middle one until somebody chooses. */
function useMoment({ study }: Pick<StopProps, "study">) {
  const { step, at, image, moment: chosen } = study;
  const decidedAt = step.decoding?.decidedAt[at * step.groupSize + image] ?? NONE;
  const moments = useMemo(() => momentsOf(decidedAt), [decidedAt]);
  const place = Math.min(chosen ?? Math.floor(moments.length / 2), moments.length - 1);
  const k = moments[place] ?? 0;
  return { decidedAt, moments, place, k, before: moments[place - 1] ?? 0, steps: step.decoding?.steps ?? 0 };
}

function Legend() {
  return (
    <p className={styles.legend}>
      <span>
        <span className={styles.new} aria-hidden="true" /> {DRAW_WORDS.new}
      </span>
      <span data-term="hidden">
        <span className={styles.open} aria-hidden="true" /> {DRAW_WORDS.hidden}
      </span>
    </p>
  );
}

function Group({ study, k, before }: Pick<StopProps, "study"> & { k: number; before: number }) {
  const themeKey = useSettings((settings) => settings.theme);
  const { step, at } = study;
  const decoded = useMemo(
    () =>
      Array.from({ length: step.groupSize }, (_, image) =>
        tokenStates(step.decoding?.decidedAt[at * step.groupSize + image] ?? NONE, k, before),
      ),
    [step, at, k, before],
  );
  const picture = (image: number) => {
    const pixels = study.group.drawn.images[image];
    const states = decoded[image];
    return pixels && states ? (
      <MaskedPicture image={pixels} states={states} alt="" themeKey={themeKey} />
    ) : null;
  };
  const open = (image: number) => decoded[image]?.filter((state) => state === "hidden").length ?? 0;
  return <GroupStrip study={study} picture={picture} caption={(image) => `${open(image)} hidden`} />;
}

/** Masked decoding, token by token, as the run reported it. */
export function DrawStop({ study, onStop }: StopProps) {
  const themeKey = useSettings((settings) => settings.theme);
  const { decidedAt, moments, place, k, before, steps } = useMoment({ study });
  const states = useMemo(() => tokenStates(decidedAt, k, before), [decidedAt, k, before]);
  const tokens = states.length;
  const hidden = states.filter((state) => state === "hidden").length;
  const image = study.group.drawn.images[study.image];
  const readings = [
    { term: "step", symbol: "k", words: TERMS.step, value: String(k) },
    { term: "steps", symbol: "T", words: TERMS.steps, value: String(steps) },
    { term: "tokens", symbol: "N", words: TERMS.tokens, value: String(tokens) },
    { term: "hidden", symbol: "h", words: TERMS.hidden, value: String(hidden) },
  ];
  const alt = DRAW_WORDS.alt(study.image + 1, k, steps, tokens - hidden, tokens);
  return (
    <StopFrame stop="draw" study={study} onStop={onStop} formula={FORMULA} readings={readings}>
      {tokens > 0 && image ? (
        <>
          <Stage picture={<MaskedPicture image={image} states={states} alt={alt} themeKey={themeKey} />}>
            <Slide
              label={DRAW_WORDS.slider}
              value={place}
              min={0}
              max={moments.length - 1}
              step={1}
              shown={DRAW_WORDS.position(k, steps)}
              spoken={DRAW_WORDS.spoken(k, steps, tokens - hidden, tokens)}
              term="step"
              onChange={(moment) => study.try({ moment })}
            />
            <Legend />
            <Note>
              {DRAW_WORDS.note}{" "}
              {moments.length - 1 < steps ? DRAW_WORDS.kept(moments.length - 1, steps) : null}{" "}
              {study.config.redraws > 0 ? DRAW_WORDS.redrawn : null}
            </Note>
          </Stage>
          <Group study={study} k={k} before={before} />
        </>
      ) : (
        <Note>{DRAW_WORDS.none}</Note>
      )}
    </StopFrame>
  );
}
