/** For tests: when two gold records ask for the same. */
import type { GoldRecord } from "../matchAnswer.ts";

/** What a record means, the same for records that differ only in order or side. */
export function meaningOf({ tag, include }: GoldRecord): string {
  if (tag === "colors") return include[0]?.color ?? "";
  if (tag === "position") {
    const [reference, subject] = include;
    const relation = subject?.position?.[0] ?? "";
    return /right|below/.test(relation)
      ? `${reference?.class}>${subject?.class}:${relation === "below" ? "v" : "h"}`
      : `${subject?.class}>${reference?.class}:${relation === "above" ? "v" : "h"}`;
  }
  return JSON.stringify(include.map((clause) => [clause.class, clause.count, clause.color]).toSorted());
}
