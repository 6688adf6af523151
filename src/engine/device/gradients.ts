/** tfjs keeps its gradient rules in a module of their own; without it nothing can be differentiated. */

/** Registers the gradients of all stock kernels. Once is enough; again does nothing. */
export async function registerGradients(): Promise<void> {
  await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
}
