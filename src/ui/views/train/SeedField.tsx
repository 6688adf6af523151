/** The seed of new runs: a number that can be typed, rolled, and held. */
import { Button } from "react-aria-components";
import type { NumberField } from "../../../engine/config.ts";
import { Icon, type IconName } from "../../components/Icon.tsx";
import { NumberSlider } from "../../components/NumberSlider.tsx";
import { rollSeed } from "../../seed.ts";
import { SEED_WORDS } from "../../text/train.ts";
import { usePlayground, useSettings } from "../../usePlayground.ts";
import styles from "./SeedField.module.css";
import type { FieldControl } from "./useFieldControl.tsx";

function Tool(props: {
  icon: IconName;
  label: string;
  isPressed?: boolean;
  isDisabled: boolean;
  onPress: () => void;
}) {
  return (
    <Button
      className={styles.tool ?? ""}
      aria-label={props.label}
      {...(props.isPressed === undefined ? {} : { "aria-pressed": props.isPressed })}
      isDisabled={props.isDisabled}
      onPress={props.onPress}
    >
      <Icon name={props.icon} size={18} />
    </Button>
  );
}

function Tools({ control }: { control: FieldControl }) {
  const { stores } = usePlayground();
  const isLocked = useSettings((settings) => settings.isSeedLocked);
  const { isDisabled } = control;
  return (
    <span className={styles.tools}>
      <Tool
        icon="dice"
        label={SEED_WORDS.roll}
        isDisabled={isDisabled}
        onPress={() => control.onChange(rollSeed())}
      />
      <Tool
        icon={isLocked ? "locked" : "unlocked"}
        label={SEED_WORDS.lock}
        isPressed={isLocked}
        isDisabled={isDisabled}
        onPress={() => stores.settings.setState({ isSeedLocked: !isLocked })}
      />
    </span>
  );
}

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
