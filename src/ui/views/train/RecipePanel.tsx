import { useEffect, useRef } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import {
  type Applies,
  CONFIG_FIELDS,
  type ConfigField,
  type ConfigKey,
  type ConfigValue,
} from "../../../engine/config.ts";
import { ChoiceSelect } from "../../components/ChoiceSelect.tsx";
import { Icon } from "../../components/Icon.tsx";
import { NumberSlider } from "../../components/NumberSlider.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { configOf } from "../../lessons/lessons.ts";
import { DRAFT_WORDS } from "../../text/words.ts";
import { usePage, usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import styles from "./RecipePanel.module.css";

const TAG_WORDS: Record<Applies, string> = { live: "live", nextStep: "next step", newRun: "new run" };
const FIELDS = Object.entries(CONFIG_FIELDS) as [ConfigKey, ConfigField][];
const BASIC = FIELDS.filter(([, field]) => field.basic);
const ADVANCED = FIELDS.filter(([, field]) => !field.basic);

/** Ranges of more values than this get no slider: nobody aims at one of two billion seeds. */
const SLIDER_VALUES = 100_000;
/** A dragged slider sends at most this often. */
const SEND_EVERY_MS = 150;

function AppliesTag({ applies }: { applies: Applies }) {
  return (
    <span className={`${styles.tag} ${styles[applies]}`}>
      <Icon name={applies} size={10} />
      {TAG_WORDS[applies]}
    </span>
  );
}

/** Collects edits and hands them to the run: at once for live and next-step fields, on demand for the rest. */
function useEdit(): (key: ConfigKey, value: ConfigValue) => void {
  const { stores, session, source } = usePlayground();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  return (key, value) => {
    stores.settings.setState(({ draft }) => ({ draft: { ...draft, [key]: value } }));
    // A recording cannot change: an edit waits for a live run to begin with it.
    const waits = source === "recorded" || CONFIG_FIELDS[key].applies === "newRun";
    if (waits || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      const { draft } = stores.settings.getState();
      const changes = Object.entries(draft).filter(
        ([name]) => CONFIG_FIELDS[name as ConfigKey].applies !== "newRun",
      );
      session.send({ type: "changeConfig", changes: Object.fromEntries(changes) });
    }, SEND_EVERY_MS);
  };
}

function RecipeField(props: {
  name: ConfigKey;
  field: ConfigField;
  onEdit: (key: ConfigKey, value: ConfigValue) => void;
}) {
  const { name, field, onEdit } = props;
  const lesson = usePage((page) => page.lesson);
  const inForce = useRun((run) => run.config)?.[name] ?? configOf(lesson)[name];
  const drafted = useSettings((settings) => settings.draft[name]);
  const hasRun = useRun((run) => run.config !== null && run.state !== "failed" && run.resumeOffer === null);
  const value = drafted ?? inForce;
  const shared = {
    label: field.label,
    help: field.help,
    tag: <AppliesTag applies={field.applies} />,
    isDisabled: !hasRun,
    onChange: (changed: ConfigValue) => onEdit(name, changed),
  };
  if (field.kind === "choice") {
    return <ChoiceSelect {...shared} value={String(value)} options={field.options} />;
  }
  const isLog = field.log ?? false;
  return (
    <NumberSlider
      {...shared}
      value={Number(value)}
      range={{ min: field.min, max: field.max, step: field.step, isLog }}
      isWhole={field.kind === "integer"}
      unit={field.unit}
      hasSlider={isLog || (field.max - field.min) / field.step < SLIDER_VALUES}
    />
  );
}

function NewRunChanges() {
  const { stores, session, source } = usePlayground();
  const draft = useSettings((settings) => settings.draft);
  const config = useRun((run) => run.config);
  const isRecorded = source === "recorded";
  const pending = FIELDS.filter(([key, { applies }]) => {
    const waits = isRecorded || applies === "newRun";
    return waits && draft[key] !== undefined && draft[key] !== config?.[key];
  });
  if (pending.length === 0) return null;
  const names = pending.map(([, field]) => field.label).join(", ");
  const effect = `${names} ${pending.length === 1 ? "takes" : "take"} effect in a new run, from step 0.`;
  return (
    <div className={styles.pending}>
      <p>{isRecorded ? DRAFT_WORDS.recorded : effect}</p>
      <div className={styles.pendingButtons}>
        <PushButton kind="main" onPress={() => session.startRun(stores.settings.getState().draft)}>
          {isRecorded ? DRAFT_WORDS.play : "Apply as new run"}
        </PushButton>
        <PushButton kind="quiet" onPress={() => stores.settings.setState({ draft: {} })}>
          {DRAFT_WORDS.undo}
        </PushButton>
      </div>
    </div>
  );
}

/** Every field of the run's configuration, generated from its table. */
export function RecipePanel() {
  const { stores } = usePlayground();
  const onEdit = useEdit();
  const isOpen = useSettings((settings) => settings.isAdvancedOpen);
  const hasAdvanced = usePage(({ hidden }) => !hidden.includes("advanced"));
  const draw = ([name, field]: [ConfigKey, ConfigField]) => (
    <RecipeField key={name} name={name} field={field} onEdit={onEdit} />
  );
  return (
    <Panel title="Recipe" tourStop="recipe">
      <div className={styles.fields}>{BASIC.map(draw)}</div>
      <NewRunChanges />
      {hasAdvanced ? (
        <Disclosure
          className={styles.advanced ?? ""}
          isExpanded={isOpen}
          onExpandedChange={(isAdvancedOpen) => stores.settings.setState({ isAdvancedOpen })}
        >
          <Button slot="trigger" className={styles.more ?? ""}>
            <Icon name="right" size={16} />
            Advanced
            <span className={styles.count}>{ADVANCED.length}</span>
          </Button>
          <DisclosurePanel>
            {isOpen ? <div className={styles.fields}>{ADVANCED.map(draw)}</div> : null}
          </DisclosurePanel>
        </Disclosure>
      ) : null}
    </Panel>
  );
}
