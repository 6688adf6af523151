/** Taking files from the page and bringing them to it: what the journeys do again and again. */
import { readFile } from "node:fs/promises";
import type { Download, Locator, Page } from "@playwright/test";

export interface OpenedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Files as a person takes them away and brings them back. */
export class Sharing {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
    // Files are chosen by the test: listened for from the beginning, for the first key press comes at once.
    page.on("filechooser", () => undefined);
  }

  async choose(item: string): Promise<void> {
    await this.#page.getByRole("button", { name: "Share", exact: true }).click();
    await this.#page.getByRole("menuitem", { name: new RegExp(`^${item}`) }).click();
  }

  /** Saves something from the menu and gives its name and bytes. */
  async save(item: string): Promise<OpenedFile> {
    const download = this.#page.waitForEvent("download");
    await this.choose(item);
    return await bytesOf(await download);
  }

  async open(...files: OpenedFile[]): Promise<void> {
    const chooser = this.#page.waitForEvent("filechooser");
    await this.choose("Open a file");
    await (await chooser).setFiles(
      files.map(({ name, bytes }) => ({
        name,
        mimeType: "application/octet-stream",
        buffer: Buffer.from(bytes),
      })),
    );
  }

  /** Drops a file in the middle of the page. */
  async drop({ name, bytes }: OpenedFile): Promise<void> {
    await this.#page.evaluate(
      ([fileName, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from(content)], fileName));
        const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent("dragover", options));
        document.body.dispatchEvent(new DragEvent("drop", options));
      },
      [name, [...bytes]] as const,
    );
  }

  card(title: string): Locator {
    return this.#page.getByRole("region", { name: title });
  }

  get refusal(): Locator {
    return this.#page.getByRole("alert", { name: "This file was not opened" });
  }
}

export async function bytesOf(download: Download): Promise<OpenedFile> {
  return { name: download.suggestedFilename(), bytes: new Uint8Array(await readFile(await download.path())) };
}
