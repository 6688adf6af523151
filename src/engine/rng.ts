/**
 * The engine's only source of randomness: a counter-based generator (Philox 4x32 with ten rounds) with named
 * streams. Word n of a stream is a pure function of (key, n), so a stream can be saved as two numbers, resumed
 * anywhere, and forked without drawing. Integer arithmetic up to the last conversion: the same seed gives the
 * same words on every machine.
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.
 */

/** A part of a stream's name. */
export type RngPathPart = string | number;

/** A stream as plain data: its key and how many 32-bit words were drawn. */
export interface RngState {
  readonly key: readonly [number, number];
  readonly counter: number;
}

/** One stream of random numbers. Every draw advances its counter. */
export interface Rng {
  /** Next raw 32-bit word. */
  word(): number;
  /** A number strictly inside (0, 1), 32 random bits. */
  uniform(): number;
  /** An integer in [0, limit), limit ≤ 2^21 (the bias is below limit / 2^32). */
  int(limit: number): number;
  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T;
  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(list: readonly T[]): T[];
  /** `count` numbers strictly inside (0, 1), also after rounding to f32. */
  uniforms(count: number): Float32Array;
  /** `count` standard Gumbel numbers, −log(−log u). */
  gumbel(count: number): Float32Array;
  /** `count` standard normal numbers (Box–Muller). */
  normal(count: number): Float32Array;
  /** An independent stream named by the path below this one; draws nothing from this one. */
  fork(...path: RngPathPart[]): Rng;
  /** The stream as plain data, for `fromState`. */
  state(): RngState;
}

type Key = readonly [number, number];

const WORD_RANGE = 2 ** 32;
/** Philox's two multipliers and two key increments, from the paper. */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of a 32 × 32 bit product, by 16-bit halves (no intermediate exceeds 2^53). */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/**
 * One Philox block: four 32-bit words from a counter and a key.
 * @param counter [4] 32-bit words @param key [2] 32-bit words @param out [4], overwritten
 */
export function philox4x32(counter: readonly number[], key: Key, out: Uint32Array): void {
  let x0 = counter[0] ?? 0;
  let x1 = counter[1] ?? 0;
  let x2 = counter[2] ?? 0;
  let x3 = counter[3] ?? 0;
  let k0 = key[0];
  let k1 = key[1];
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2) >>> 0;
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}

/** Murmur3's 32-bit finaliser: every input bit reaches every output bit. */
function avalanche(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function absorb(key: Key, word: number): Key {
  const first = avalanche((key[0] ^ word) >>> 0);
  const second = avalanche((Math.imul(key[1], 0x01000193) + first + WEYL_0) >>> 0);
  return [(first + Math.imul(second, 5)) >>> 0, second];
}

const numberBits = new DataView(new ArrayBuffer(8));

/** Absorbs one path part with its kind and length, so that ("ab") and ("a","b") name different streams. */
function absorbPart(key: Key, part: RngPathPart): Key {
  if (typeof part === "number") {
    numberBits.setFloat64(0, part);
    return absorb(absorb(absorb(key, 1), numberBits.getUint32(0)), numberBits.getUint32(4));
  }
  let mixed = absorb(absorb(key, 2), part.length);
  for (let at = 0; at < part.length; at++) mixed = absorb(mixed, part.charCodeAt(at));
  return mixed;
}

function deriveKey(key: Key, path: readonly RngPathPart[]): Key {
  return path.reduce(absorbPart, key);
}

class PhiloxStream implements Rng {
  readonly #key: Key;
  #counter: number;
  readonly #block = new Uint32Array(4);
  #blockIndex = -1;

  constructor(key: Key, counter: number) {
    this.#key = key;
    this.#counter = counter;
  }

  word(): number {
    const blockIndex = Math.floor(this.#counter / 4);
    if (blockIndex !== this.#blockIndex) {
      philox4x32([blockIndex >>> 0, Math.floor(blockIndex / WORD_RANGE), 0, 0], this.#key, this.#block);
      this.#blockIndex = blockIndex;
    }
    const lane = this.#counter % 4;
    this.#counter += 1;
    return this.#block[lane] ?? 0;
  }

  uniform(): number {
    return (this.word() + 0.5) / WORD_RANGE;
  }

  int(limit: number): number {
    return Math.floor((this.word() * limit) / WORD_RANGE);
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("rng.pick needs a list with at least one element");
    return list[this.int(list.length)] as T;
  }

  shuffle<T>(list: readonly T[]): T[] {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.int(last + 1);
      const held = shuffled[last] as T;
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = held;
    }
    return shuffled;
  }

  uniforms(count: number): Float32Array {
    // 23 bits and a half: every value, the largest too, is exact in f32 and below 1.
    return Float32Array.from({ length: count }, () => ((this.word() >>> 9) + 0.5) / 2 ** 23);
  }

  gumbel(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => -Math.log(-Math.log(this.uniform())));
  }

  normal(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => {
      const radius = Math.sqrt(-2 * Math.log(this.uniform()));
      return radius * Math.cos(2 * Math.PI * this.uniform());
    });
  }

  fork(...path: RngPathPart[]): Rng {
    return new PhiloxStream(deriveKey(this.#key, path), 0);
  }

  state(): RngState {
    return { key: this.#key, counter: this.#counter };
  }
}

/** Key that every seed is absorbed into; any constant does. */
const ROOT_KEY: Key = [0x243f6a88, 0x85a308d3];

/**
 * Opens the stream named by a seed and a path; `createRng(s, "a", 1)` equals `createRng(s).fork("a", 1)`.
 * @param seed any number or text; equal seeds give equal streams
 */
export function createRng(seed: RngPathPart, ...path: RngPathPart[]): Rng {
  return new PhiloxStream(deriveKey(ROOT_KEY, [seed, ...path]), 0);
}

/** Reopens a stream where `Rng.state()` left it. */
export function fromState(state: RngState): Rng {
  return new PhiloxStream([state.key[0] >>> 0, state.key[1] >>> 0], state.counter);
}
