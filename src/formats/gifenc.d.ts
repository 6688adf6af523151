/** The part of gifenc 1.0.3 that is used; the package has no types of its own. */
declare module "gifenc" {
  type Colour = number[];

  export function quantize(rgba: Uint8Array | Uint8ClampedArray, maxColours: number): Colour[];
  export function GIFEncoder(): {
    writeFrame(
      indices: Uint8Array,
      width: number,
      height: number,
      options: { palette: Colour[]; delay: number; repeat?: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  };
}
