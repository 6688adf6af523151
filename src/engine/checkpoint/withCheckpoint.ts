/** Looks at a model with another adapter than the one it has, and leaves it as it was. */
import type { UnifiedModel } from "../models/unified.ts";
import { createTrainerState } from "../rl/trainer.ts";
import { type Checkpoint, restoreCheckpoint } from "./checkpoint.ts";

/**
 * Runs `body` on the model with a checkpoint's adapter, or as it came where that is null. The adapter that was attached
 * is back afterwards, untouched, whatever happens.
 * @throws EngineError("checkpointMismatch") before `body` begins; whatever `body` throws
 */
export async function withCheckpoint<T>(
  model: UnifiedModel,
  checkpoint: Checkpoint | null,
  body: () => Promise<T>,
): Promise<T> {
  const putBack = model.takeAdapter();
  try {
    if (checkpoint) attachCheckpoint(model, checkpoint);
    return await body();
  } finally {
    putBack();
  }
}

function attachCheckpoint(model: UnifiedModel, checkpoint: Checkpoint): void {
  const { loraRank, loraAlpha, seed } = checkpoint.config;
  model.attachAdapter({ rank: loraRank, alpha: loraAlpha, seed });
  const state = createTrainerState(model);
  try {
    restoreCheckpoint(checkpoint, model, state);
  } finally {
    state.optimizer.dispose();
  }
}
