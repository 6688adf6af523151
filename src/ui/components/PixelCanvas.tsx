import { useEffect, useRef } from "react";
import styles from "./PixelCanvas.module.css";

/** RGB pixels drawn crisp at any size. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 3 bytes a pixel, row-major. */
  readonly rgb: Uint8Array;
}

/** The pixels with an opaque fourth byte each, as a canvas takes them. */
export function toRgba({ width, height, rgb }: Pixels): ImageData {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; to < rgba.length; from += 3, to += 4) {
    rgba[to] = rgb[from] ?? 0;
    rgba[to + 1] = rgb[from + 1] ?? 0;
    rgba[to + 2] = rgb[from + 2] ?? 0;
    rgba[to + 3] = 255;
  }
  return new ImageData(rgba, width, height);
}

export function PixelCanvas({ image, alt }: { image: Pixels; alt: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    ref.current?.getContext("2d")?.putImageData(toRgba(image), 0, 0);
  }, [image]);
  return (
    <canvas
      ref={ref}
      className={styles.pixels}
      width={image.width}
      height={image.height}
      role="img"
      aria-label={alt}
    />
  );
}
