/** The tensors of a file against those that a configuration expects: every difference by name. */

/** Name → shape. */
type Shapes = ReadonlyMap<string, readonly number[]>;

export interface ShapeDifferences {
  readonly missing: readonly string[];
  readonly misshapen: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly expected: readonly number[];
  }[];
  /** In the file, and neither expected nor derivable. */
  readonly unexpected: readonly string[];
}

/** @param derivable names that a file may have and nobody reads */
export function compareShapes(
  expected: Shapes,
  found: Shapes,
  derivable: readonly string[] = [],
): ShapeDifferences {
  const names = [...expected.keys()];
  return {
    missing: names.filter((name) => !found.has(name)),
    misshapen: names.flatMap((name) => {
      const [shape, wanted] = [found.get(name), expected.get(name)];
      return !shape || !wanted || shape.join() === wanted.join() ? [] : [{ name, shape, expected: wanted }];
    }),
    unexpected: [...found.keys()].filter((name) => !expected.has(name) && !derivable.includes(name)),
  };
}

/** One sentence part for each difference; none where the file fits. */
export function describeDifferences({ missing, misshapen, unexpected }: ShapeDifferences): string[] {
  return [
    ...missing.map((name) => `${name} is missing`),
    ...misshapen.map(
      ({ name, shape, expected }) => `${name} is [${shape.join(", ")}] instead of [${expected.join(", ")}]`,
    ),
    ...unexpected.map((name) => `${name} is unexpected`),
  ];
}

/** What a file lacks of a configuration; it may have more. */
export function describeFaults(expected: Shapes, found: Shapes): string[] {
  return describeDifferences({ ...compareShapes(expected, found), unexpected: [] });
}

/** The shapes of whatever has one. */
export function shapesOf(tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>): Shapes {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}
