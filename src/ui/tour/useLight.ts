/** Follows what a stop points at, wherever the page scrolls or lays it out, and where the card goes beside it. */
import { type RefObject, useEffect, useState } from "react";
import { usePlayground } from "../usePlayground.ts";
import { type Box, frame, place } from "./place.ts";
import type { TourStop } from "./stops.ts";

export interface Light {
  /** What is lit, in the window; null while there is nothing to light. */
  readonly lit: Box | null;
  readonly card: Pick<Box, "left" | "top">;
}

/** Bars that stay, and air. */
const ROOM = 140;

/** The status line, which stays where it is; the page's scrolling keeps clear of it too. */
const footHeight = (): number =>
  Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingBottom) || 0;

function show(element: Element): void {
  const isTall = element.getBoundingClientRect().height > window.innerHeight - ROOM;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const block = isTall || window.innerWidth < 900 ? "start" : "nearest";
  element.scrollIntoView({ block, behavior: isStill ? "auto" : "smooth" });
}

/** The page may still be on its way to the stop's view: looks again each frame until it is there, and afterwards. */
export function useLight(stop: TourStop, card: RefObject<HTMLElement | null>): Light | null {
  const { page } = usePlayground();
  const [light, setLight] = useState<Light | null>(null);
  useEffect(() => {
    let request = 0;
    let shown: Element | null = null;
    let known = "";
    const look = () => {
      request = requestAnimationFrame(look);
      const found = document.querySelectorAll(`[data-tour="${stop.id}"]`);
      const element = found[stop.pick?.(page) ?? 0] ?? found[0] ?? null;
      if (element && element !== shown) show(element);
      shown = element;
      const width = document.documentElement.clientWidth;
      const lit = element
        ? frame(element.getBoundingClientRect(), { width, height: window.innerHeight - footHeight() })
        : null;
      const { offsetWidth = 0, offsetHeight = 0 } = card.current ?? {};
      const size = { width: offsetWidth, height: offsetHeight };
      const next = { lit, card: place(size, lit, { width, height: window.innerHeight }) };
      const words = JSON.stringify(next);
      if (words === known) return;
      known = words;
      setLight(next);
    };
    look();
    return () => cancelAnimationFrame(request);
  }, [stop, page, card]);
  return light;
}
