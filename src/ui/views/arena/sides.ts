/** The pictures of a pair as they stand on the screen. */
import {
  type Contender,
  contenderAt,
  type Pair,
  type Picture,
  PLACES,
  type Place,
} from "../../stores/arenaStore.ts";
import { altOf } from "../../text/arena.ts";

export interface Side {
  readonly place: Place;
  readonly picture: Picture | null;
  /** Null while its name is hidden. */
  readonly contender: Contender | null;
  readonly alt: string;
}

export function sidesOf(pair: Pair, isHidden: boolean): readonly Side[] {
  return PLACES.map((place) => {
    const at = contenderAt(pair, place);
    const contender = isHidden ? null : pair.contenders[at];
    return { place, picture: pair.pictures[at], contender, alt: altOf(place, pair.prompt, contender) };
  });
}
