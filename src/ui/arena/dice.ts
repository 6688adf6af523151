/** Chance for what a person compares; nothing that must come out the same twice. */

const SEEDS = 100_000;

const randomShare = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;

export const flipCoin = (): boolean => randomShare() < 0.5;

/** A seed short enough to be read aloud. */
export const rollSeed = (): string => String(Math.floor(randomShare() * SEEDS));
