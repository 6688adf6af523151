/** What every field of the recipe has: its value, its words, and where an edit goes. */
import type { ReactNode } from "react";
import {
  type Applies,
  CONFIG_FIELDS,
  type ConfigField,
  type ConfigKey,
  type ConfigValue,
} from "../../../engine/config.ts";
import { Icon } from "../../components/Icon.tsx";
import { configOf } from "../../lessons/lessons.ts";
import { usePage, usePlayground, useRun, useSettings } from "../../usePlayground.ts";
import styles from "./RecipePanel.module.css";

const TAG_WORDS: Record<Applies, string> = { live: "live", nextStep: "next step", newRun: "new run" };

export type Edit = (key: ConfigKey, value: ConfigValue) => void;

/** Keeps an edit as a draft, and hands all drafts to the run that can change while it is open. */
export function useEdit(): Edit {
  const { stores, session, source } = usePlayground();
  return (key, value) => {
    stores.settings.setState(({ draft }) => ({ draft: { ...draft, [key]: value } }));
    // A recording cannot change: an edit waits for a live run to begin with it.
    if (source === "recorded" || CONFIG_FIELDS[key].applies === "newRun") return;
    const { draft } = stores.settings.getState();
    const changes = Object.entries(draft).filter(
      ([name]) => CONFIG_FIELDS[name as ConfigKey].applies !== "newRun",
    );
    session.send({ type: "changeConfig", changes: Object.fromEntries(changes) });
  };
}

function AppliesTag({ applies }: { applies: Applies }) {
  return (
    <span className={`${styles.tag} ${styles[applies]}`}>
      <Icon name={applies} size={10} />
      {TAG_WORDS[applies]}
    </span>
  );
}

export interface FieldControl {
  readonly label: string;
  readonly help: string;
  readonly tag: ReactNode;
  readonly value: ConfigValue;
  readonly isDisabled: boolean;
  readonly onChange: (value: ConfigValue) => void;
}

export function useFieldControl(name: ConfigKey, field: ConfigField, onEdit: Edit): FieldControl {
  const lesson = usePage((page) => page.lesson);
  const inForce = useRun((run) => run.config)?.[name] ?? configOf(lesson)[name];
  const drafted = useSettings((settings) => settings.draft[name]);
  const hasRun = useRun((run) => run.config !== null && run.state !== "failed" && run.resumeOffer === null);
  return {
    label: field.label,
    help: field.help,
    tag: <AppliesTag applies={field.applies} />,
    value: drafted ?? inForce,
    isDisabled: !hasRun,
    onChange: (changed) => onEdit(name, changed),
  };
}
