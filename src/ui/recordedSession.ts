/**
 * The session of a recording: the same buttons, played instead of trained. What only a worker can do leads to it.
 */
import type { RunConfig } from "../engine/config.ts";
import type { TrainClient } from "../workers/client.ts";
import type { Session } from "./session.ts";

export interface RecordedParts {
  readonly client: TrainClient;
  /** Begins a live run with the recording's configuration and these changes. */
  readonly playLive: (changes: Partial<RunConfig>) => void;
  /** Fetches the recording again. */
  readonly reopen: () => void;
}

export function createRecordedSession({ client, playLive, reopen }: RecordedParts): Session {
  return {
    send: (command) => client.send(command),
    startRun: (changes = {}) => playLive(changes),
    resumeRun: () => client.send({ type: "play" }),
    stop: () => client.send({ type: "stop" }),
    pause: () => client.send({ type: "pause" }),
    reconnect: reopen,
    dispose: () => client.dispose(),
  };
}
