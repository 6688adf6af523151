/** The seed of new runs: a number that can be typed, rolled, and held. */
import type { ConfigField } from "../../../engine/config.ts";
import { NumberSlider } from "../../components/NumberSlider.tsx";
import { ToolButton } from "../../components/ToolButton.tsx";
import { rollSeed } from "../../seed.ts";
import { SEED_WORDS } from "../../text/train.ts";
import { usePlayground, useSettings } from "../../usePlayground.ts";
import styles from "./SeedField.module.css";
import type { FieldControl } from "./useFieldControl.tsx";

function Tools({ control }: { control: FieldControl }) {
  const { stores } = usePlayground();
  const isLocked = useSettings((settings) => settings.isSeedLocked);
  const { isDisabled } = control;
  return (
    <span className={styles.tools}>
      <ToolButton
        icon="dice"
        label={SEED_WORDS.roll}
        isDisabled={isDisabled}
        onPress={() => control.onChange(rollSeed())}
      />
      <ToolButton
        icon={isLocked ? "locked" : "unlocked"}
        label={SEED_WORDS.lock}
        isPressed={isLocked}
        isDisabled={isDisabled}
        onPress={() => stores.settings.setState({ isSeedLocked: !isLocked })}
      />
    </span>
  );
}

type NumberField = Exclude<ConfigField, { kind: "choice" }>;

export function SeedField({ field, control }: { field: NumberField; control: FieldControl }) {
  const isLocked = useSettings((settings) => settings.isSeedLocked);
  return (
    <div>
      <NumberSlider
        {...control}
        value={Number(control.value)}
        range={{ min: field.min, max: field.max, step: field.step, isLog: false }}
        isWhole
        beside={<Tools control={control} />}
      />
      <p className={styles.note}>{isLocked ? SEED_WORDS.locked : SEED_WORDS.unlocked}</p>
    </div>
  );
}
