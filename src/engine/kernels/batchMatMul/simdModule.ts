/**
 * A WebAssembly module of two functions, assembled here instruction by instruction: a strided copy and a product of
 * one matrix pair, 4 rows × 8 columns at a time in SIMD registers.
 *
 * Source: WebAssembly core specification 2.0, "Binary format".
 */

/** `WebAssembly` exists in pages, workers and Node, but not in the engine's DOM-free type library. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
};

/** Addresses and strides in bytes. */
export interface SimdMatMul {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** dst[r·dstRow + c·4] = src[r·srcRow + c·srcColumn] for f32 elements. */
  copy(
    src: number,
    dst: number,
    rows: number,
    columns: number,
    srcRow: number,
    srcColumn: number,
    dstRow: number,
  ): void;
  /**
   * c = a·b. @param rows of a @param inner columns of a @param bRow bytes of a row of b and of c, a multiple of 32:
   * b is [inner, bRow/4] and c [rows, bRow/4], both row-major @param aRow, aColumn strides of a
   */
  multiply(
    a: number,
    b: number,
    c: number,
    rows: number,
    inner: number,
    bRow: number,
    aRow: number,
    aColumn: number,
  ): void;
}

const I32 = 0x7f;
const V128 = 0x7b;
const VOID = 0x40;

/** One instruction or a sequence, encoded. */
type Code = readonly number[];

/** LEB128; also right for the signed constants used here, which stay below 64. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

const get = (local: number): Code => [0x20, ...leb(local)];
const set = (local: number, value: Code): Code => [...value, 0x21, ...leb(local)];
const constant = (value: number): Code => [0x41, ...leb(value)];
const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
const isBelow = (a: Code, b: Code): Code => [...a, ...b, 0x49];
const advance = (local: number, step: Code): Code => set(local, add(get(local), step));

/** Alignment hint 4 bytes, constant offset. */
const memory = (offset: number): Code => [0x02, ...leb(offset)];
const loadF32 = (address: Code): Code => [...address, 0x2a, ...memory(0)];
const storeF32 = (address: Code, value: Code): Code => [...address, ...value, 0x38, ...memory(0)];
const loadV = (address: Code, offset: number): Code => [...address, 0xfd, 0x00, ...memory(offset)];
const splat = (address: Code): Code => [...address, 0xfd, 0x09, ...memory(0)];
const storeV = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  0xfd,
  0x0b,
  ...memory(offset),
];
const zeroV: Code = [0xfd, 0x0c, ...Array<number>(16).fill(0)];
const addV = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe4, 0x01];
const multiplyV = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0xe6, 0x01];

/** while (condition) body */
const loopWhile = (condition: Code, body: Code): Code => [
  ...[0x02, VOID, 0x03, VOID],
  ...condition,
  ...[0x45, 0x0d, 1],
  ...body,
  ...[0x0c, 0, 0x0b, 0x0b],
];

/** Parameters 0..6 as in `SimdMatMul.copy`; locals 7 column, 8 read, 9 write. */
function copyBody(): Code {
  const [src, dst, rows, columns, srcRow, srcColumn, dstRow, column, read, write] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ] as const;
  const row: Code = [
    ...set(column, constant(0)),
    ...set(read, get(src)),
    ...set(write, get(dst)),
    ...loopWhile(isBelow(get(column), get(columns)), [
      ...storeF32(get(write), loadF32(get(read))),
      ...advance(read, get(srcColumn)),
      ...advance(write, constant(4)),
      ...advance(column, constant(1)),
    ]),
    ...advance(src, get(srcRow)),
    ...advance(dst, get(dstRow)),
    // Counts rows down: constants stay non-negative, so −1 is written as rows − 1 by subtraction (0x6b).
    ...set(rows, [...get(rows), ...constant(1), 0x6b]),
  ];
  return loopWhile(isBelow(constant(0), get(rows)), row);
}

/** Numbers of the locals of `multiply`. */
const L = {
  a: 0,
  b: 1,
  c: 2,
  rows: 3,
  inner: 4,
  bRow: 5,
  aRow: 6,
  aColumn: 7,
  column: 8,
  row: 9,
  step: 10,
  readB: 11,
  /** 4 pointers into a. */
  readA: 12,
  writeC: 16,
  low: 17,
  high: 18,
  value: 19,
  /** 8 accumulators: two a row. */
  sum: 20,
} as const;
const SCALAR_LOCALS = 9;
const VECTOR_LOCALS = 11;
/** Columns of a tile in bytes. */
const TILE_BYTES = 32;

/** One tile: `height` rows from `row`, the columns at byte `column`; then row += height. */
function tile(height: number): Code {
  const rows = Array.from({ length: height }, (_, at) => at);
  const start = rows.flatMap((at) => [
    ...set(L.readA + at, add(get(L.a), multiply(add(get(L.row), constant(at)), get(L.aRow)))),
    ...set(L.sum + 2 * at, zeroV),
    ...set(L.sum + 2 * at + 1, zeroV),
  ]);
  const step = rows.flatMap((at) => [
    ...set(L.value, splat(get(L.readA + at))),
    ...set(L.sum + 2 * at, addV(get(L.sum + 2 * at), multiplyV(get(L.value), get(L.low)))),
    ...set(L.sum + 2 * at + 1, addV(get(L.sum + 2 * at + 1), multiplyV(get(L.value), get(L.high)))),
    ...advance(L.readA + at, get(L.aColumn)),
  ]);
  const finish = rows.flatMap((at) => [
    ...storeV(get(L.writeC), 0, get(L.sum + 2 * at)),
    ...storeV(get(L.writeC), 16, get(L.sum + 2 * at + 1)),
    ...advance(L.writeC, get(L.bRow)),
  ]);
  return [
    ...start,
    ...set(L.readB, add(get(L.b), get(L.column))),
    ...set(L.step, constant(0)),
    ...loopWhile(isBelow(get(L.step), get(L.inner)), [
      ...set(L.low, loadV(get(L.readB), 0)),
      ...set(L.high, loadV(get(L.readB), 16)),
      ...step,
      ...advance(L.readB, get(L.bRow)),
      ...advance(L.step, constant(1)),
    ]),
    ...set(L.writeC, add(add(get(L.c), get(L.column)), multiply(get(L.row), get(L.bRow)))),
    ...finish,
    ...advance(L.row, constant(height)),
  ];
}

function multiplyBody(): Code {
  return loopWhile(isBelow(get(L.column), get(L.bRow)), [
    ...set(L.row, constant(0)),
    ...loopWhile(isBelow(add(get(L.row), constant(3)), get(L.rows)), tile(4)),
    ...loopWhile(isBelow(get(L.row), get(L.rows)), tile(1)),
    ...advance(L.column, constant(TILE_BYTES)),
  ]);
}

const withLength = (bytes: Code): Code => [...leb(bytes.length), ...bytes];
const section = (id: number, items: readonly Code[]): Code => [
  id,
  ...withLength([...leb(items.length), ...items.flat()]),
];
const name = (text: string): Code => withLength([...text].map((char) => char.charCodeAt(0)));
const signature = (parameters: number): Code => [0x60, ...withLength(Array<number>(parameters).fill(I32)), 0];
const body = (locals: readonly (readonly [number, number])[], code: Code): Code =>
  withLength([
    ...leb(locals.length),
    ...locals.flatMap(([count, type]) => [...leb(count), type]),
    ...code,
    0x0b,
  ]);

function assemble(): Uint8Array {
  const copyLocals = [[3, I32]] as const;
  const multiplyLocals = [
    [SCALAR_LOCALS, I32],
    [VECTOR_LOCALS, V128],
  ] as const;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [signature(7), signature(8)]),
    ...section(3, [[0], [1]]),
    ...section(5, [[0, 1]]),
    ...section(7, [
      [...name("memory"), 2, 0],
      [...name("copy"), 0, 0],
      [...name("multiply"), 0, 1],
    ]),
    ...section(10, [body(copyLocals, copyBody()), body(multiplyLocals, multiplyBody())]),
  ]);
}

/** A fresh instance with its own memory. @throws WebAssembly.CompileError where SIMD is missing */
export function createSimdMatMul(): SimdMatMul {
  return new WebAssembly.Instance(new WebAssembly.Module(assemble())).exports as SimdMatMul;
}
