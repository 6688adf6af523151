/**
 * How big every benchmark is. "full" are the sizes that the project is made for; "small" keeps the shapes and the kinds
 * of work but lets a GPU that is a program on the CPU finish within the hour.
 */

export interface ModelSizes {
  readonly name: string;
  /** Images in a batch. */
  readonly images: number;
  /** Rows of an image's sequence. */
  readonly length: number;
  readonly width: number;
  readonly heads: number;
  /** Image codes: rows of the embedding, columns of the head. */
  readonly codes: number;
  /** Image tokens. */
  readonly tokens: number;
  readonly rank: number;
  readonly layers: number;
  /** Side and channels of a feature map in the image decoder. */
  readonly side: number;
  readonly channels: number;
}

export interface Sizes {
  readonly name: SizeName;
  /** Rows, columns and inner size of the product that tells the adapter's peak. */
  readonly peakSide: number;
  readonly kernels: readonly ModelSizes[];
  /** Sides of the square f32 products; rows and widths of the int4 ones, in and out; sizes of attention. */
  readonly peers: {
    readonly sides: readonly number[];
    readonly rows: readonly number[];
    readonly width: number;
    readonly outWidths: readonly number[];
    readonly attention: { readonly rows: number; readonly heads: number; readonly headSize: number };
  };
  /** One layer of Show-o 1.3B, or a narrower one. */
  readonly layer: LayerSizes;
  readonly drawing: { readonly images: number; readonly steps: number };
  readonly answers: { readonly images: number; readonly maxTokens: number };
  readonly step: StepSizes;
  readonly growth: {
    readonly rows: readonly number[];
    readonly rowsWidth: number;
    readonly widths: readonly number[];
    readonly widthRows: number;
    readonly groups: readonly number[];
    readonly group: Omit<StepSizes, "groupSize">;
    /** Square numbers: an image has as many rows of tokens as columns. */
    readonly tokens: readonly number[];
    readonly drawing: { readonly images: number; readonly steps: number };
  };
}

/** One transformer layer; width in whole heads. */
export interface LayerSizes {
  readonly rows: number;
  readonly width: number;
  readonly rank: number;
}

/** One GRPO step. */
export interface StepSizes {
  readonly promptsPerStep: number;
  readonly groupSize: number;
  readonly decodeSteps: number;
}

export type SizeName = "small" | "full";

/** Rows of a Show-o sequence at 256 pixels: 128 of text, 256 of image, 3 markers. */
export const SHOWO_ROWS = 387;
export const SHOWO_WIDTH = 2048;
export const SHOWO_HEAD_SIZE = 64;

const TINY: ModelSizes = {
  name: "showo-tiny",
  images: 8,
  length: 66,
  width: 256,
  heads: 8,
  codes: 2048,
  tokens: 64,
  rank: 8,
  layers: 4,
  side: 16,
  channels: 64,
};

const SHOWO: ModelSizes = {
  name: "Show-o 1.3B",
  images: 1,
  length: SHOWO_ROWS,
  width: SHOWO_WIDTH,
  heads: SHOWO_WIDTH / SHOWO_HEAD_SIZE,
  codes: 8192,
  tokens: 256,
  rank: 16,
  layers: 24,
  side: 64,
  channels: 256,
};

export const SIZES: Readonly<Record<SizeName, Sizes>> = {
  small: {
    name: "small",
    peakSide: 256,
    kernels: [{ ...TINY, images: 1 }],
    peers: {
      sides: [256],
      rows: [1, 8, 64],
      width: 512,
      outWidths: [512],
      attention: { rows: 128, heads: 4, headSize: SHOWO_HEAD_SIZE },
    },
    layer: { rows: 8, width: SHOWO_WIDTH / 2, rank: 16 },
    drawing: { images: 2, steps: 2 },
    answers: { images: 2, maxTokens: 4 },
    step: { promptsPerStep: 1, groupSize: 4, decodeSteps: 6 },
    growth: {
      rows: [16, 48, 96],
      rowsWidth: 256,
      widths: [128, 256, 512],
      widthRows: 32,
      groups: [2, 4, 8],
      group: { promptsPerStep: 1, decodeSteps: 2 },
      tokens: [16, 64, 144],
      drawing: { images: 2, steps: 2 },
    },
  },
  full: {
    name: "full",
    peakSide: 2048,
    kernels: [TINY, SHOWO],
    peers: {
      sides: [512, 2048],
      rows: [1, 8, 64, SHOWO_ROWS],
      width: SHOWO_WIDTH,
      outWidths: [SHOWO_WIDTH, 4 * SHOWO_WIDTH],
      attention: { rows: SHOWO_ROWS, heads: SHOWO.heads, headSize: SHOWO_HEAD_SIZE },
    },
    layer: { rows: SHOWO_ROWS, width: SHOWO_WIDTH, rank: 16 },
    drawing: { images: 32, steps: 12 },
    answers: { images: 32, maxTokens: 16 },
    step: { promptsPerStep: 4, groupSize: 8, decodeSteps: 12 },
    growth: {
      rows: [16, 64, 128, SHOWO_ROWS, 1161],
      rowsWidth: SHOWO_WIDTH,
      widths: [256, 512, 1024, 2048],
      widthRows: SHOWO_ROWS,
      groups: [2, 4, 8, 16],
      group: { promptsPerStep: 1, decodeSteps: 12 },
      tokens: [16, 64, 256, 576],
      drawing: { images: 8, steps: 12 },
    },
  },
};
