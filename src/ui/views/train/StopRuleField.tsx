/** When the run pauses by itself: a choice, its number, and both as a sentence. */
import { useTyped } from "../../components/useTyped.ts";
import { STOP_AMOUNTS, STOP_KINDS, type StopKind } from "../../stopRule.ts";
import { describeStop, STOP_WORDS } from "../../text/train.ts";
import { usePlayground, useSettings } from "../../usePlayground.ts";
import styles from "./StopRuleField.module.css";

function Amount({ kind, amount }: { kind: StopKind; amount: number }) {
  const { stores } = usePlayground();
  const [typed, setTyped] = useTyped(String(amount));
  const { min, max } = STOP_AMOUNTS[kind];
  const commit = () => {
    const number = Math.round(Number(typed));
    if (typed.trim() === "" || !Number.isFinite(number)) return setTyped(String(amount));
    const next = Math.min(max, Math.max(min, number));
    setTyped(String(next));
    if (next !== amount) stores.settings.setState({ stopRule: { kind, amount: next } });
  };
  return (
    <input
      className={styles.amount}
      type="text"
      inputMode="numeric"
      autoComplete="off"
      aria-label={STOP_WORDS.amounts[kind]}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(String(amount));
      }}
    />
  );
}

export function StopRuleField() {
  const { stores } = usePlayground();
  const rule = useSettings((settings) => settings.stopRule);
  const choose = (kind: StopKind) =>
    stores.settings.setState({ stopRule: { kind, amount: STOP_AMOUNTS[kind].first } });
  return (
    <fieldset className={styles.field}>
      <legend className={styles.label}>{STOP_WORDS.label}</legend>
      <div className={styles.inputs}>
        <select
          className={styles.kind}
          aria-label={STOP_WORDS.label}
          value={rule.kind}
          onChange={(event) => choose(event.target.value as StopKind)}
        >
          {STOP_KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {STOP_WORDS.kinds[kind]}
            </option>
          ))}
        </select>
        {rule.kind === "never" ? null : <Amount kind={rule.kind} amount={rule.amount} />}
      </div>
      <p className={styles.note} role="status">
        {describeStop(rule)}
      </p>
    </fieldset>
  );
}
