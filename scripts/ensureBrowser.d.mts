/** @returns the path of a browser. @throws Error that says how to install one */
export function ensureBrowser(): Promise<string>;
