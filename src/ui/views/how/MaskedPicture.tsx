/** A picture behind its grid of tokens: seen through those that are decided, framed where they were decided just now. */
import { useEffect, useRef } from "react";
import { type Pixels, toRgba } from "../../components/PixelCanvas.tsx";
import type { TokenState } from "./formulas.ts";
import styles from "./MaskedPicture.module.css";

/** Canvas pixels a pixel of the picture: room for round corners and thin frames. */
const SCALE = 6;
const GAP = 3;
const RADIUS = 6;
const FRAME = 4;

interface Colours {
  readonly ground: string;
  readonly open: string;
  readonly frame: string;
}

function readColours(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  const read = (name: string) => style.getPropertyValue(name);
  return { ground: read("--mask-ground"), open: read("--mask-open"), frame: read("--mask-frame") };
}

function paintPicture(context: CanvasRenderingContext2D, image: Pixels): void {
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext("2d")?.putImageData(toRgba(image), 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
}

function paintToken(
  context: CanvasRenderingContext2D,
  state: TokenState,
  [x, y, size]: readonly [number, number, number],
  colours: Colours,
): void {
  if (state === "decided") return;
  if (state === "hidden") {
    context.fillStyle = colours.ground;
    context.fillRect(x, y, size, size);
    context.fillStyle = colours.open;
    context.beginPath();
    context.roundRect(x + GAP, y + GAP, size - 2 * GAP, size - 2 * GAP, RADIUS);
    context.fill();
    return;
  }
  context.strokeStyle = colours.frame;
  context.lineWidth = FRAME;
  const inset = FRAME / 2;
  context.strokeRect(x + inset, y + inset, size - FRAME, size - FRAME);
}

/** @param themeKey repaints when the colours change */
export function MaskedPicture(props: {
  image: Pixels;
  states: readonly TokenState[];
  alt: string;
  themeKey: string;
}) {
  const { image, states, alt, themeKey } = props;
  const ref = useRef<HTMLCanvasElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours read from CSS
  useEffect(() => {
    const context = ref.current?.getContext("2d");
    if (!context || !ref.current) return;
    const colours = readColours(ref.current);
    const side = Math.max(1, Math.round(Math.sqrt(states.length)));
    const size = context.canvas.width / side;
    paintPicture(context, image);
    states.forEach((state, at) => {
      paintToken(context, state, [(at % side) * size, Math.floor(at / side) * size, size], colours);
    });
  }, [image, states, themeKey]);
  return (
    <canvas
      ref={ref}
      className={styles.picture}
      width={image.width * SCALE}
      height={image.height * SCALE}
      role="img"
      aria-label={alt}
    />
  );
}
