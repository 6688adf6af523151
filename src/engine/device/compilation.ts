/**
 * Whether programs are being compiled and not run (`TrainerBackend.compileAhead`). What is computed then is hollow: it
 * has a shape and no values, and must not be kept for later.
 */
let isOn = false;

/** What is computed now is hollow. */
export function isCompilingOnly(): boolean {
  return isOn;
}

/** @param isCompiling until the next call */
export function setCompilingOnly(isCompiling: boolean): void {
  isOn = isCompiling;
}
