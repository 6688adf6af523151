/** Original weights into a model folder's two files, a block of rows at a time: neither is ever held as a whole. */
import { EngineError } from "../../errors.ts";
import { describeQuantised, type PlannedMatrix, partNames, wordBytes } from "../../quant/quantFile.ts";
import { layoutOf } from "../../quant/quantFormat.ts";
import { quantiseMatrix } from "../../quant/quantiseMatrix.ts";
import { encodeF16 } from "../../safetensors/float16.ts";
import type { TensorDescription } from "../../safetensors/header.ts";
import {
  type ByteSink,
  beginSafetensors,
  type SafetensorsWriter,
} from "../../tensorFiles/safetensorsWriter.ts";
import { rowsOf, type TensorSource } from "../../tensorFiles/tensorSource.ts";
import { formatOf, type PackedFormat } from "./packing.ts";

/** Values that are converted at once: 4 MB of f32, and as much again while they are packed. */
const BLOCK_VALUES = 2 ** 20;
const LARGEST_F16 = 65_504;

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Rows of one tensor. */
interface Block {
  readonly name: string;
  readonly start: number;
  readonly rows: number;
  readonly width: number;
  /** [rows · width] */
  readonly values: Float32Array;
}

/** Progress in numbers, of all that there are. */
export type ConvertProgress = (done: number) => void;

function refuse({ name, start }: Block, cause: unknown): EngineError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = `${name} cannot be converted (rows from ${start}): ${why}`;
  return new EngineError("modelCorrupt", message, { tensor: name, start }, { cause });
}

function requireFinite(block: Block, largest: number): void {
  const odd = block.values.find((value) => !(Math.abs(value) <= largest));
  if (odd === undefined) return;
  throw refuse(block, `it holds ${odd}. Check the weights' source.`);
}

async function* blocksOf(
  source: TensorSource,
  shapes: Shapes,
  progress: ConvertProgress,
): AsyncGenerator<Block> {
  let done = 0;
  for (const [name, shape] of shapes) {
    const { rows, width } = rowsOf({ shape });
    const step = Math.max(1, Math.floor(BLOCK_VALUES / width));
    for (let start = 0; start < rows; start += step) {
      const count = Math.min(step, rows - start);
      yield { name, start, rows: count, width, values: await source.readRows(name, start, count) };
      done += count * width;
      progress(done);
    }
  }
}

function toBytes({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function writeF32(writer: SafetensorsWriter, block: Block): Promise<void> {
  requireFinite(block, Number.MAX_VALUE);
  await writer.write(block.name, block.start * block.width * 4, toBytes(block.values));
}

async function writePacked(writer: SafetensorsWriter, block: Block, plan: PlannedMatrix): Promise<void> {
  const { start, rows, width, values } = block;
  const { wordsPerRow, scaleWordsPerRow } = layoutOf(plan.format, plan);
  const names = partNames(block.name);
  let matrix: ReturnType<typeof quantiseMatrix>;
  try {
    matrix = quantiseMatrix(values, { outSize: rows, inSize: width }, plan.format);
  } catch (cause) {
    throw refuse(block, cause);
  }
  await writer.write(names.packed, start * wordsPerRow * 4, wordBytes(matrix.packed));
  await writer.write(names.scales, start * scaleWordsPerRow * 4, wordBytes(matrix.scales));
}

/**
 * Packs the transformer: matrices as `formatOf` says, norms and biases in f32.
 * @param source has every tensor of `shapes` in its shape (`requireOriginal`)
 * @returns bytes of the file
 * @throws EngineError("modelCorrupt") naming a tensor that holds no numbers; whatever the source and the sink throw
 */
export async function convertTransformer(
  source: TensorSource,
  shapes: Shapes,
  format: PackedFormat,
  sink: ByteSink,
  progress: ConvertProgress,
): Promise<number> {
  const plans = new Map<string, PlannedMatrix>();
  const plain = new Map<string, TensorDescription>();
  for (const [name, shape] of shapes) {
    const [outSize = 0, inSize] = shape;
    if (inSize === undefined) plain.set(name, { dtype: "F32", shape });
    else plans.set(name, { format: formatOf(name, format), outSize, inSize });
  }
  const { tensors, metadata } = describeQuantised(plans);
  const writer = await beginSafetensors(sink, new Map([...tensors, ...plain]), metadata);
  for await (const block of blocksOf(source, shapes, progress)) {
    const plan = plans.get(block.name);
    await (plan ? writePacked(writer, block, plan) : writeF32(writer, block));
  }
  writer.finish();
  return writer.fileBytes;
}

/**
 * Writes the image tokenizer: convolutions as f16, norms and biases in f32.
 * @returns bytes of the file @throws as `convertTransformer`; also for a weight beyond what an f16 holds
 */
export async function convertImageTokenizer(
  source: TensorSource,
  shapes: Shapes,
  sink: ByteSink,
  progress: ConvertProgress,
): Promise<number> {
  const isConvolution = (name: string) => (shapes.get(name)?.length ?? 0) > 1;
  const tensors = [...shapes].map(([name, shape]): [string, TensorDescription] => [
    name,
    { dtype: isConvolution(name) ? "F16" : "F32", shape },
  ]);
  const writer = await beginSafetensors(sink, new Map(tensors));
  for await (const block of blocksOf(source, shapes, progress)) {
    if (!isConvolution(block.name)) {
      await writeF32(writer, block);
      continue;
    }
    requireFinite(block, LARGEST_F16);
    const halves = Uint16Array.from(block.values, encodeF16);
    await writer.write(block.name, block.start * block.width * 2, toBytes(halves));
  }
  writer.finish();
  return writer.fileBytes;
}
