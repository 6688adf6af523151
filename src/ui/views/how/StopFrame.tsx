/** What every stop has: words, a formula with its numbers, the code and the trial on one side, the data on the other. */
import { type ReactNode, useEffect, useState } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import { CONFIG_FIELDS } from "../../../engine/config.ts";
import card from "../../components/Card.module.css";
import { Icon } from "../../components/Icon.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { describeTrial, HOW_WORDS, STOPS } from "../../text/how.ts";
import { usePlayground } from "../../usePlayground.ts";
import { LitArea, Reading, type ReadingProps } from "./lights.tsx";
import styles from "./StopFrame.module.css";
import { Subject } from "./Subject.tsx";
import { readFunction } from "./sources.ts";
import { CODE_PLACES, type CodePlace, STOP_IDS, type StopId, trialOf } from "./stops.ts";
import type { Study } from "./useStudy.ts";

/** The text of a function; null while it is on its way. */
function useFunctionText(place: CodePlace): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let isGone = false;
    const show = (found: string) => {
      if (!isGone) setText(found);
    };
    readFunction(place).then(show, () => show(HOW_WORDS.codeGone));
    return () => {
      isGone = true;
    };
  }, [place]);
  return text;
}

function Source({ place }: { place: CodePlace }) {
  const text = useFunctionText(place);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={styles.source} tabIndex={0} aria-label={place.name}>
      <pre>
        <code>{text ?? ""}</code>
      </pre>
    </section>
  );
}

/** Where the stop is in the code, and its text on demand. */
function Code({ place }: { place: CodePlace }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Disclosure className={styles.code ?? ""} isExpanded={isOpen} onExpandedChange={setIsOpen}>
      <Button slot="trigger" className={styles.more ?? ""}>
        <Icon name="right" size={16} />
        {HOW_WORDS.code}
      </Button>
      <DisclosurePanel>
        {isOpen ? (
          <>
            <p className={styles.path}>{place.file}</p>
            <Source place={place} />
          </>
        ) : null}
      </DisclosurePanel>
    </Disclosure>
  );
}

/** Puts one setting into the recipe, and so into the address, and shows it there; a live run takes it at once. */
function TryIt({ stop, study }: { stop: StopId; study: Study }) {
  const { page, stores, session, source } = usePlayground();
  const trial = trialOf(stop, study.config, study.temperature);
  const { applies, basic } = { basic: false, ...CONFIG_FIELDS[trial.key] };
  const changes = { [trial.key]: trial.value };
  const run = () => {
    stores.settings.setState(({ draft, isAdvancedOpen }) => ({
      draft: { ...draft, ...changes },
      isAdvancedOpen: isAdvancedOpen || !basic,
    }));
    if (source === "live" && applies !== "newRun") session.send({ type: "changeConfig", changes });
    page.navigate("train");
  };
  return (
    <PushButton onPress={run}>
      {HOW_WORDS.tryIt}: {describeTrial(trial)}
    </PushButton>
  );
}

function Onward({ stop, onStop }: { stop: StopId; onStop: (stop: StopId) => void }) {
  const at = STOP_IDS.indexOf(stop);
  const before = STOP_IDS[at - 1];
  const after = STOP_IDS[at + 1];
  return (
    <div className={styles.onward}>
      <PushButton isDisabled={!before} onPress={() => before && onStop(before)}>
        {HOW_WORDS.back}
      </PushButton>
      <PushButton kind="main" onPress={() => onStop(after ?? "prompt")}>
        {after ? `${HOW_WORDS.next}: ${STOPS[after].name}` : HOW_WORDS.again}
      </PushButton>
    </div>
  );
}

/** The title of the stop that is shown. */
export const TITLE_ID = "stop-title";

export interface StopFrameProps {
  readonly stop: StopId;
  readonly study: Study;
  readonly onStop: (stop: StopId) => void;
  readonly formula: ReactNode;
  readonly readings: readonly ReadingProps[];
  /** The data. */
  readonly children: ReactNode;
}

export function StopFrame({ stop, study, onStop, formula, readings, children }: StopFrameProps) {
  const { title, story, spoken } = STOPS[stop];
  return (
    <LitArea className={styles.frame}>
      <section className={`${card.card} ${styles.words}`} aria-label={title}>
        <p className={card.kicker}>{HOW_WORDS.stopOf(STOP_IDS.indexOf(stop) + 1, STOP_IDS.length)}</p>
        <h2 id={TITLE_ID} className={styles.title} tabIndex={-1}>
          {title}
        </h2>
        <p className={styles.story}>{story}</p>
        <div className={styles.formula} role="math" aria-label={spoken}>
          <span aria-hidden="true">{formula}</span>
        </div>
        <ul className={styles.readings} aria-label={HOW_WORDS.readings}>
          {readings.map((reading) => (
            <Reading key={reading.term} {...reading} />
          ))}
        </ul>
        <div className={styles.ways}>
          <TryIt stop={stop} study={study} />
          <Code key={stop} place={CODE_PLACES[stop]} />
        </div>
      </section>
      <div className={`${card.card} ${styles.data}`}>
        <Subject study={study} />
        {children}
      </div>
      <Onward stop={stop} onStop={onStop} />
    </LitArea>
  );
}
