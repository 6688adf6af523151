import { type RefObject, useEffect, useId, useRef } from "react";
import { tour } from "../actions/tour.ts";
import { PushButton } from "../components/PushButton.tsx";
import { findAction, pressOf } from "../shortcuts.ts";
import { TOUR_STOPS, TOUR_WORDS } from "../text/tour.ts";
import { useIsNarrow } from "../useIsNarrow.ts";
import { usePage, usePlayground, useSettings } from "../usePlayground.ts";
import { TOUR, type TourStop } from "./stops.ts";
import styles from "./TourLayer.module.css";
import { useLight } from "./useLight.ts";

const KEYS = [
  { move: 1, keys: ["ArrowRight"] },
  { move: -1, keys: ["ArrowLeft"] },
  { move: null, keys: ["Escape"] },
] as const;

/** To a stop; beyond the last one, or with null, the tour ends. */
function useGo(): (at: number | null) => void {
  const { stores } = usePlayground();
  return (at) =>
    stores.settings.setState({ tourStop: at === null || at >= TOUR.length ? null : Math.max(0, at) });
}

/** The tour shows a recording; afterwards the page and the focus are where they were. */
function useReturn(): void {
  const { page } = usePlayground();
  useEffect(() => {
    const { view, source, part } = page.store.getState();
    const { state, step } = page.recorded.stores.run.getState();
    const focused = document.activeElement;
    void page.show("recorded");
    return () => {
      page.store.setState({ part });
      if (page.store.getState().view !== view) page.navigate(view);
      page.player.seek(step);
      if (source === "live") void page.show("live");
      else if (state === "running") page.player.send({ type: "play" });
      if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
      else document.getElementById("main")?.focus({ preventScroll: true });
    };
  }, [page]);
}

/** Goes to the stop's view, does what the stop does there, and undoes it when it is left. */
function useVisit(stop: TourStop): void {
  const { page } = usePlayground();
  useEffect(() => {
    if (page.store.getState().view !== stop.view) page.navigate(stop.view);
    stop.on?.(page);
    return () => stop.out?.(page);
  }, [stop, page]);
}

/** Hears the tour's keys before the page does: there the arrows mean steps, and on the stage beats. */
function useKeys(at: number): void {
  const { stores } = usePlayground();
  const go = useGo();
  const act = useRef<(move: number | null) => void>(() => undefined);
  act.current = (move) => go(move === null ? null : at + move);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const found = findAction(KEYS, pressOf(event));
      if (!found || stores.settings.getState().isHelpOpen) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      act.current(found.move);
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, [stores]);
}

/** Reading begins at the title of each stop, also after another view has taken the focus. */
function useFocus(title: RefObject<HTMLElement | null>, stop: TourStop): void {
  const view = usePage((page) => page.view);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new stop or view is what moves the focus
  useEffect(() => {
    const request = requestAnimationFrame(() => title.current?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(request);
  }, [title, stop, view]);
}

function Dots({ at }: { at: number }) {
  return (
    <span className={styles.dots} aria-hidden="true">
      {TOUR.map(({ id }, index) => (
        <span key={id} data-done={index <= at || undefined} />
      ))}
    </span>
  );
}

function Visit({ stop, at }: { stop: TourStop; at: number }) {
  const go = useGo();
  const card = useRef<HTMLElement>(null);
  const title = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  const storyId = useId();
  useReturn();
  useVisit(stop);
  useKeys(at);
  useFocus(title, stop);
  const light = useLight(stop, card);
  const isNarrow = useIsNarrow();
  const words = TOUR_STOPS[stop.id];
  const isLast = at === TOUR.length - 1;
  return (
    <>
      {light?.lit ? (
        <div key={stop.id} className={styles.light} style={light.lit} aria-hidden="true" />
      ) : null}
      <section
        ref={card}
        className={styles.card}
        style={isNarrow ? undefined : light?.card}
        // Not modal: the page behind it stays usable.
        role="dialog"
        aria-modal="false"
        aria-labelledby={titleId}
        aria-describedby={storyId}
      >
        <div className={styles.head}>
          <span className={styles.position}>{TOUR_WORDS.position(at + 1, TOUR.length)}</span>
          <Dots at={at} />
          <PushButton icon="close" kind="quiet" isIconOnly shortcut="Escape" onPress={() => go(null)}>
            {TOUR_WORDS.end}
          </PushButton>
        </div>
        <h2 ref={title} id={titleId} className={styles.title} tabIndex={-1}>
          {words.title}
        </h2>
        <p id={storyId} className={styles.story}>
          {words.story}
        </p>
        <div className={styles.buttons}>
          <PushButton
            kind="quiet"
            icon="left"
            shortcut="ArrowLeft"
            isDisabled={at === 0}
            onPress={() => go(at - 1)}
          >
            {TOUR_WORDS.back}
          </PushButton>
          <PushButton kind="main" shortcut="ArrowRight" onPress={() => go(at + 1)}>
            {isLast ? TOUR_WORDS.done : TOUR_WORDS.next}
          </PushButton>
        </div>
      </section>
    </>
  );
}

/** In a corner, once: it asks for nothing and covers nothing that is used at first. */
function Offer() {
  const playground = usePlayground();
  const { settings } = playground.stores;
  return (
    <aside className={styles.offer} aria-label={TOUR_WORDS.label}>
      <p>{TOUR_WORDS.offer}</p>
      <PushButton onPress={() => tour.run(playground)}>{TOUR_WORDS.take}</PushButton>
      <PushButton
        icon="close"
        kind="quiet"
        isIconOnly
        onPress={() => settings.setState({ isTourKnown: true })}
      >
        {TOUR_WORDS.notNow}
      </PushButton>
    </aside>
  );
}

/** The tour, or its offer. */
export default function TourLayer() {
  const at = useSettings((settings) => settings.tourStop);
  const stop = at === null ? null : TOUR[at];
  return at === null || !stop ? <Offer /> : <Visit stop={stop} at={at} />;
}
