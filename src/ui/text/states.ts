/** Words about what happens around a run: the device is lost, checked or warmed up, the tab is kept awake. */

export const COMEBACK_WORDS = {
  title: "After a reset of the GPU",
  dismiss: "Good",
  coming: (lostAt: number) =>
    `The GPU was reset at step ${lostAt}. Reconnecting; the run goes on from its last checkpoint.`,
  back: (lostAt: number, resumedAt: number) =>
    resumedAt > 0
      ? `The GPU was reset at step ${lostAt}; the run goes on from the checkpoint of step ${resumedAt}.`
      : `The GPU was reset at step ${lostAt}, before anything was saved; the run begins again with the same settings.`,
} as const;
