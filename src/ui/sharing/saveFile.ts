/** Hands a file to the browser, which puts it where downloads go. */

export interface SavedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** Browsers read the address after the click has returned. */
const KEEP_ADDRESS_MS = 60_000;

export function saveFile({ name, blob }: SavedFile): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEEP_ADDRESS_MS);
}
