import { describe, expect, it } from "vitest";
import { attentionFlops, linearFlops, productFlops } from "./flops.ts";
import { layerFlops } from "./whole/layer.ts";

describe("what work needs", () => {
  it("counts a product's multiplications and additions", () => {
    expect(productFlops(2, 3, 5)).toBe(60);
  });

  it("counts a linear layer both ways, and its adapter's five products", () => {
    // 2·(4·8·16) each way; x·Aᵀ 128, ·Bᵀ 256, dy·B 256, ·A 128, dA 128, dB 256 of rank 2.
    expect(linearFlops(4, 8, 16, 2)).toBe(2 * 1024 + 128 + 256 + 256 + 128 + 128 + 256);
  });

  it("counts attention's two products, and six with its gradients", () => {
    // Two heads of four: scores 2·3·5·4·2, the mixture as much.
    expect(attentionFlops(3, 5, 8, false)).toBe(2 * 240);
    expect(attentionFlops(3, 5, 8, true)).toBe(6 * 240);
  });

  it("counts a layer of Show-o 1.3B", () => {
    const weights = 12 * 2048 * 2048;
    const adapters = 16 * (4 * 4096 + 2 * 10_240);
    const expected = 4 * 387 * weights + 6 * 387 * adapters + 12 * 387 * 387 * 2048;
    expect(layerFlops({ rows: 387, width: 2048, rank: 16 })).toBe(expected);
  });
});
