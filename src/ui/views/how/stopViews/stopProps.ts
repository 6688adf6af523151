import type { StopId } from "../stops.ts";
import type { Study } from "../useStudy.ts";

export interface StopProps {
  readonly study: Study;
  readonly onStop: (stop: StopId) => void;
}
