/**
 * An ONNX model of one product y = x·Wᵀ with W in our int4: the operator MatMulNBits of onnxruntime's own operators.
 * Source: onnx.proto; microsoft/onnxruntime docs/ContribOperators.md.
 */
import { layoutOf, type QuantisedMatrix } from "../../src/engine/quant/quantFormat.ts";
import { decodeF16 } from "../../src/engine/safetensors/float16.ts";
import { field, join, numberField } from "./protobuf.ts";

/** ONNX's numbers of element types. */
const FLOAT = 1;
const UINT8 = 2;
/** ONNX's number of attributes that are integers. */
const ATTRIBUTE_INT = 2;
const IR_VERSION = 10;
const ONNX_OPSET = 17;
const MICROSOFT = "com.microsoft";

/** 0: sums and products in f32; 4: the runtime may round x to int8. */
export type AccuracyLevel = 0 | 4;

/** The operator stores the integer + 8, which turns the sign bit of every field. @returns bytes [out, in / 2] */
function shiftFields(packed: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  return bytes.map((pair) => pair ^ 0x88);
}

/** @returns f32 [out · groups] */
function widenScales(matrix: QuantisedMatrix): Float32Array {
  const { groups, scaleWordsPerRow } = layoutOf(matrix.format, matrix);
  const widened = new Float32Array(matrix.outSize * groups);
  for (const at of widened.keys()) {
    const [row, group] = [Math.floor(at / groups), at % groups];
    const word = matrix.scales[row * scaleWordsPerRow + (group >>> 1)] ?? 0;
    widened[at] = decodeF16((word >>> (16 * (group & 1))) & 0xffff);
  }
  return widened;
}

function initializer(name: string, type: number, dims: readonly number[], raw: Uint8Array): Uint8Array {
  return field(5, [
    ...dims.map((size) => numberField(1, size)),
    numberField(2, type),
    field(8, name),
    field(9, raw),
  ]);
}

function valueInfo(id: number, name: string, dims: readonly number[]): Uint8Array {
  const shape = dims.map((size) => field(1, [numberField(1, size)]));
  return field(id, [field(1, name), field(2, [field(1, [numberField(1, FLOAT), field(2, shape)])])]);
}

function integerAttribute(name: string, value: number): Uint8Array {
  return field(5, [field(1, name), numberField(3, value), numberField(20, ATTRIBUTE_INT)]);
}

/**
 * The model's bytes; its input is `x` [rows, in], its output `y` [rows, out].
 * @param matrix int4 in groups of 32, in a multiple of 32 @throws RangeError for others
 */
export function encodeMatMulNBits(
  matrix: QuantisedMatrix,
  rows: number,
  accuracy: AccuracyLevel,
): Uint8Array {
  const { format, groupSize, inSize, outSize, packed } = matrix;
  if (format !== "int4" || inSize % groupSize !== 0) {
    throw new RangeError(`MatMulNBits is compared on int4 with whole groups, not on ${format} of ${inSize}.`);
  }
  const groups = inSize / groupSize;
  const scales = widenScales(matrix);
  const product = field(1, [
    ...["x", "weight", "scales"].map((name) => field(1, name)),
    field(2, "y"),
    field(4, "MatMulNBits"),
    integerAttribute("K", inSize),
    integerAttribute("N", outSize),
    integerAttribute("bits", 4),
    integerAttribute("block_size", groupSize),
    integerAttribute("accuracy_level", accuracy),
    field(7, MICROSOFT),
  ]);
  const graph = field(7, [
    product,
    field(2, "product"),
    initializer("weight", UINT8, [outSize, groups, groupSize / 2], shiftFields(packed)),
    initializer("scales", FLOAT, [outSize * groups], new Uint8Array(scales.buffer)),
    valueInfo(11, "x", [rows, inSize]),
    valueInfo(12, "y", [rows, outSize]),
  ]);
  const opset = (domain: string, version: number) => field(8, [field(1, domain), numberField(2, version)]);
  return join([numberField(1, IR_VERSION), graph, opset("", ONNX_OPSET), opset(MICROSOFT, 1)]);
}
