/**
 * Terms of a formula and the numbers that stand for them, lit together: whatever carries `data-term` lights all of its
 * name while it is pointed at or has the focus, and stays lit once pressed.
 */
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import styles from "./Lights.module.css";

interface Lights {
  readonly lit: string | null;
  readonly pinned: string | null;
  readonly pin: (term: string | null) => void;
}

const LightsContext = createContext<Lights>({ lit: null, pinned: null, pin: () => undefined });

const termOf = (target: EventTarget | null): string | null =>
  target instanceof Element ? (target.closest<HTMLElement>("[data-term]")?.dataset.term ?? null) : null;

/** Around a formula and its numbers. */
export function LitArea({ children, className }: { children: ReactNode; className?: string | undefined }) {
  const ref = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [pinned, pin] = useState<string | null>(null);
  useEffect(() => {
    const area = ref.current;
    const point = (event: Event) => setPointed(termOf(event.target));
    const leave = () => setPointed(null);
    const focus = (event: Event) => setFocused(termOf(event.target));
    const blur = () => setFocused(null);
    area?.addEventListener("pointerover", point);
    area?.addEventListener("pointerleave", leave);
    area?.addEventListener("focusin", focus);
    area?.addEventListener("focusout", blur);
    return () => {
      area?.removeEventListener("pointerover", point);
      area?.removeEventListener("pointerleave", leave);
      area?.removeEventListener("focusin", focus);
      area?.removeEventListener("focusout", blur);
    };
  }, []);
  return (
    <LightsContext value={{ lit: pointed ?? focused ?? pinned, pinned, pin }}>
      <div ref={ref} className={className}>
        {children}
      </div>
    </LightsContext>
  );
}

export const useIsLit = (term: string): boolean => useContext(LightsContext).lit === term;

/** A symbol in a formula. */
export function Term({ name, children }: { name: string; children: ReactNode }) {
  return (
    <span className={styles.term} data-term={name} data-lit={useIsLit(name) || undefined}>
      {children}
    </span>
  );
}

/** A letter of the i-th picture. */
export const indexed = (letter: string): ReactNode => (
  <i>
    {letter}
    <sub>i</sub>
  </i>
);

/** A part of the data that stands for a term. */
export function LitBox({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className={styles.box} data-term={term} data-lit={useIsLit(term) || undefined}>
      {children}
    </div>
  );
}

/** A fraction, numerator over denominator. */
export function Over({ top, bottom }: { top: ReactNode; bottom: ReactNode }) {
  return (
    <span className={styles.over}>
      <span>{top}</span>
      <span>{bottom}</span>
    </span>
  );
}

export interface ReadingProps {
  readonly term: string;
  readonly symbol: ReactNode;
  readonly words: string;
  /** Empty where the data beside it says it better. */
  readonly value: string;
  /** More about the number, in a few words. */
  readonly aside?: string | undefined;
}

/** One number of a formula; pressing it keeps its term lit. */
export function Reading({ term, symbol, words, value, aside }: ReadingProps) {
  const { lit, pinned, pin } = useContext(LightsContext);
  return (
    <li>
      <button
        type="button"
        className={styles.reading}
        data-term={term}
        data-lit={lit === term || undefined}
        aria-pressed={pinned === term}
        onClick={() => pin(pinned === term ? null : term)}
      >
        <span className={styles.symbol} aria-hidden="true">
          {symbol}
        </span>
        <span className={styles.words}>
          {words}
          {aside ? <span className={styles.aside}>{aside}</span> : null}
        </span>
        <span className={styles.value}>{value}</span>
      </button>
    </li>
  );
}
