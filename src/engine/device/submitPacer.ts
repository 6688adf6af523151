/**
 * Which dispatches go into one submit, so that the GPU is never busy for long without a chance to draw the desktop. What
 * a kind of dispatch costs is learnt from how long the submits took that held some; knows no device and no clock.
 */

/** A frame at 60 Hz. */
const TARGET_MS = 16;
/** In one submit at most: tensors are freed at submits, so one must come even where dispatches cost nothing. */
export const MAX_DISPATCHES = 256;
/** How fast a cost follows what was measured: longer work counts at once, shorter work only bit by bit. */
const UPWARDS = 1;
const DOWNWARDS = 0.3;

/** Dispatches handed over together, counted by kind. */
export type Submit = ReadonlyMap<string, number>;

/** Same names and about as much to do: of one program, more workgroups cost more. @param groups workgroups in all */
export function dispatchKind(program: string, groups: number): string {
  return `${program}/${Math.ceil(Math.log2(groups))}`;
}

export class SubmitPacer {
  readonly #guessMs: number;
  readonly #costs = new Map<string, number>();
  #open = new Map<string, number>();
  #openCount = 0;
  #openMs = 0;

  /** @param firstDispatches how many dispatches of unknown cost fit a submit */
  constructor(firstDispatches: number) {
    this.#guessMs = TARGET_MS / firstDispatches;
  }

  /** The submit that is being recorded. */
  get open(): Submit {
    return this.#open;
  }

  /** Whether what is recorded is to be handed over before a dispatch of this kind joins it. */
  isDue(kind: string): boolean {
    if (this.#openCount === 0) return false;
    return this.#openCount >= MAX_DISPATCHES || this.#openMs + this.#costOf(kind) > TARGET_MS;
  }

  /** A dispatch was recorded. */
  add(kind: string): void {
    this.#open.set(kind, (this.#open.get(kind) ?? 0) + 1);
    this.#openCount += 1;
    this.#openMs += this.#costOf(kind);
  }

  /** What is recorded was handed over; another submit is open from now on. */
  submitted(): void {
    this.#open = new Map();
    this.#openCount = 0;
    this.#openMs = 0;
  }

  /**
   * A submit took so long. The error of the forecast is shared out by least squares: Δcost of kind k is
   * error · n_k / Σ n². Source: normalised least mean squares (Nagumo and Noda 1967).
   */
  finished(submit: Submit, busyMs: number): void {
    let [forecast, squares] = [0, 0];
    for (const [kind, count] of submit) {
      forecast += count * this.#costOf(kind);
      squares += count * count;
    }
    if (squares === 0) return;
    const error = busyMs - forecast;
    const step = (error * (error > 0 ? UPWARDS : DOWNWARDS)) / squares;
    for (const [kind, count] of submit) {
      this.#costs.set(kind, Math.max(0, this.#costOf(kind) + step * count));
    }
  }

  #costOf(kind: string): number {
    return this.#costs.get(kind) ?? this.#guessMs;
  }
}
