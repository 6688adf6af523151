import { expect, it } from "vitest";
import { createFakeClient } from "../../__fixtures__/fakeClient.ts";
import { EMPTY_GALLERY, type GalleryView, reduceGallery } from "../../stores/galleryStore.ts";
import { tileOf } from "./GroupTile.tsx";

/** The gallery after a made-up step 1 up to a phase. */
function galleryAt(phase: number): GalleryView {
  let gallery = EMPTY_GALLERY;
  const client = createFakeClient(() => undefined);
  client.subscribe((event) => {
    gallery = reduceGallery(gallery, event);
  });
  client.playTo(1, phase, 4);
  return gallery;
}

it("shows the tokens of its own image while it is drawn", () => {
  const { current } = galleryAt(0);
  const tile = tileOf(current, 2, 3);
  expect(tile.image).toBeNull();
  expect(tile.decided).toHaveLength(64);
  expect(tile.decided).toBe(current?.draw?.decided[2 * 8 + 3]);
});

it("describes a picture by prompt, step and reward", () => {
  const { current } = galleryAt(3);
  const tile = tileOf(current, 1, 0);
  const prompt = current?.groups[1]?.drawn.prompt;
  expect(tile.alt).toBe(`Image 1 for “${prompt}”, step 1, reward ${tile.reward?.toFixed(2)}`);
  expect(tile.advantage).not.toBeNull();
});

it("says that a picture is not judged yet", () => {
  const tile = tileOf(galleryAt(1).current, 0, 0);
  expect(tile.alt).toContain("not judged yet");
  expect([tile.reward, tile.answer, tile.advantage]).toEqual([null, null, null]);
});
