import { Button, Disclosure, DisclosurePanel } from "react-aria-components";
import { CONFIG_FIELDS, type ConfigField, type ConfigKey } from "../../../engine/config.ts";
import { ChoiceSelect } from "../../components/ChoiceSelect.tsx";
import { Icon } from "../../components/Icon.tsx";
import { NumberSlider } from "../../components/NumberSlider.tsx";
import { Panel } from "../../components/Panel.tsx";
import { PushButton } from "../../components/PushButton.tsx";
import { newRunChanges } from "../../seed.ts";
import { DRAFT_WORDS } from "../../text/words.ts";
import { usePage, usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import styles from "./RecipePanel.module.css";
import { SeedField } from "./SeedField.tsx";
import { StopRuleField } from "./StopRuleField.tsx";
import { type Edit, useEdit, useFieldControl } from "./useFieldControl.tsx";

const FIELDS = Object.entries(CONFIG_FIELDS) as [ConfigKey, ConfigField][];
const BASIC = FIELDS.filter(([, field]) => field.basic);
const ADVANCED = FIELDS.filter(([, field]) => !field.basic);

/** Ranges of more values than this get no slider: nobody aims at one of a hundred thousand. */
const SLIDER_VALUES = 100_000;

function RecipeField({ name, field, onEdit }: { name: ConfigKey; field: ConfigField; onEdit: Edit }) {
  const control = useFieldControl(name, field, onEdit);
  if (field.kind === "choice") {
    return <ChoiceSelect {...control} value={String(control.value)} options={field.options} />;
  }
  if (name === "seed") return <SeedField field={field} control={control} />;
  const isLog = field.log ?? false;
  return (
    <NumberSlider
      {...control}
      value={Number(control.value)}
      range={{ min: field.min, max: field.max, step: field.step, isLog }}
      isWhole={field.kind === "integer"}
      unit={field.unit}
      {...(isLog || (field.max - field.min) / field.step < SLIDER_VALUES ? {} : { beside: null })}
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
        <PushButton kind="main" onPress={() => session.startRun(newRunChanges(stores.settings.getState()))}>
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
  const { stores, source } = usePlayground();
  const onEdit = useEdit();
  const isOpen = useSettings((settings) => settings.isAdvancedOpen);
  const hasAdvanced = usePage(({ hidden }) => !hidden.includes("advanced"));
  const draw = ([name, field]: [ConfigKey, ConfigField]) => (
    <RecipeField key={name} name={name} field={field} onEdit={onEdit} />
  );
  return (
    <Panel title="Recipe" tourStop="recipe">
      <div className={styles.fields}>
        {BASIC.map(draw)}
        {source === "live" ? <StopRuleField /> : null}
      </div>
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
