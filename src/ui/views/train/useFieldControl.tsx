/** What every field of the recipe has: its value, its words, and where an edit goes. */
import { type ReactNode, useEffect, useRef } from "react";
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

/** A dragged slider sends at most this often. */
const SEND_EVERY_MS = 150;

export type Edit = (key: ConfigKey, value: ConfigValue) => void;

/** Collects edits and hands them to the run: at once for live and next-step fields, on demand for the rest. */
export function useEdit(): Edit {
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
