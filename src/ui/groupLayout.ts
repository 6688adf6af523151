/** How the images of a group are laid out and their advantages drawn, on the page and in pictures of it. */

/** Advantages beyond this fill the bar; with eight images the largest possible is √7 ≈ 2.65. */
export const ADVANTAGE_LIMIT = 2.65;

/** Images in a row: four, or three where that divides evenly; small groups take one row. */
export function columnsOf(size: number): number {
  if (size % 4 === 0 || size > 6) return 4;
  return size % 3 === 0 ? 3 : size;
}
