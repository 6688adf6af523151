/** Contenders that tables put side by side. */
export const OURS = "our shaders";
export const STOCK = "stock tfjs";
