import { describe, expect, it } from "vitest";
import { createRng, fromState, philox4x32 } from "./rng.ts";

describe("philox4x32", () => {
  // Known answers of Philox4x32-10 from the Random123 distribution (kat_vectors).
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("gives the published block for %j", (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(counter, [key[0] ?? 0, key[1] ?? 0], out);
    expect([...out]).toEqual(expected);
  });
});

describe("createRng", () => {
  it("repeats itself for equal seeds and paths and differs otherwise", () => {
    const draw = (...path: (string | number)[]) => [...createRng(7, ...path).uniforms(8)];
    expect(draw("a", 1)).toEqual(draw("a", 1));
    expect(draw("a", 1)).not.toEqual(draw("a", 2));
    expect(draw("ab")).not.toEqual(draw("a", "b"));
    expect(draw(1)).not.toEqual(draw("1"));
    expect([...createRng(7).fork("a", 1).uniforms(8)]).toEqual(draw("a", 1));
  });

  it("pins the first words of a stream, so that no later change moves published seeds", () => {
    const rng = createRng(1, "pinned");
    expect([rng.word(), rng.word(), rng.word()]).toEqual([116020318, 2350220687, 2889569803]);
  });

  it("forks without drawing", () => {
    const rng = createRng("seed");
    rng.fork("child").uniforms(100);
    expect(rng.state().counter).toBe(0);
  });

  it("resumes from its state at every lane of a block", () => {
    for (let drawn = 0; drawn < 9; drawn++) {
      const rng = createRng(3, "resume");
      rng.uniforms(drawn);
      const saved = JSON.parse(JSON.stringify(rng.state())) as ReturnType<typeof rng.state>;
      expect([...fromState(saved).uniforms(9)]).toEqual([...rng.uniforms(9)]);
    }
  });

  it("keeps uniforms strictly inside (0, 1) with the right mean, variance and bins", () => {
    const sample = createRng(11).uniforms(100_000);
    const bins = new Array<number>(10).fill(0);
    expect(sample.every((value) => value > 0 && value < 1)).toBe(true);
    let sum = 0;
    for (const value of sample) {
      sum += value;
      const bin = Math.floor(value * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    expect(sum / sample.length).toBeCloseTo(0.5, 2);
    const chiSquared = bins.reduce((total, count) => total + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });

  it("draws normal and Gumbel numbers with their moments", () => {
    const moments = (values: Float32Array) => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length };
    };
    const normal = moments(createRng(5).normal(50_000));
    expect(normal.mean).toBeCloseTo(0, 1);
    expect(normal.variance).toBeCloseTo(1, 1);
    const gumbel = moments(createRng(5).gumbel(50_000));
    expect(Math.abs(gumbel.mean - 0.5772)).toBeLessThan(0.03);
    expect(Math.abs(gumbel.variance - Math.PI ** 2 / 6)).toBeLessThan(0.06);
  });

  it("draws every integer and every permutation", () => {
    const rng = createRng(2);
    const seen = new Set(Array.from({ length: 500 }, () => rng.int(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const orders = new Set(Array.from({ length: 500 }, () => rng.shuffle([1, 2, 3]).join("")));
    expect(orders.size).toBe(6);
    expect(() => rng.pick([])).toThrow(RangeError);
  });
});
