/** Captions inside pictures. */
export const FIGURE_WORDS = {
  curves: "Curves",
  afterSteps: (step: number) => `after ${step} ${step === 1 ? "step" : "steps"}`,
  stepLabel: (step: number) => `step ${step}`,
  overSteps: "Over training steps.",
  reference: (name: string) => `Grey: ${name}.`,
  asks: (question: string) => `It asks itself: ${question}`,
  gold: (gold: string) => `Right answer: ${gold}`,
  noAnswer: "(no answer)",
  reward: (reward: number) => `reward ${reward.toFixed(2)}`,
  filmstrip: "Same prompt, same seed",
  filmstripNote: "What the model draws while it learns from its own answers.",
} as const;
