/** What a newer version of the page has written is refused in a sentence, with a way on, and nothing changes. */
import { expect, test } from "@playwright/test";
import { packArchive, SUMS_FILE, unpackArchive } from "../../src/formats/archive.ts";
import { Playground } from "../playground.ts";
import { bytesOf, Sharing } from "../sharing.ts";

const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

test("a run of a newer version: refused with its version, and a reload is offered", async ({ page }) => {
  const playground = new Playground(page);
  const sharing = new Sharing(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.step(1);
  const download = page.waitForEvent("download");
  await page.keyboard.press("e");
  const exported = await bytesOf(await download);
  const files = new Map(await unpackArchive(exported.bytes));
  files.delete(SUMS_FILE);
  const run = { ...JSON.parse(decode(files.get("run.json"))), version: 99 };
  files.set("run.json", new TextEncoder().encode(JSON.stringify(run)));
  await sharing.drop({ name: "tomorrow.zip", bytes: await packArchive(files, Date.now()) });
  await expect(sharing.refusal).toContainText("tomorrow.zip");
  await expect(sharing.refusal).toContainText(/version 99; this page reads up to version \d+/);
  await expect(sharing.refusal).toContainText("Nothing was changed.");
  await playground.keepScreenshot("state-file-too-new");
  await sharing.refusal.getByRole("button", { name: "Close" }).click();
  await expect(sharing.refusal).toBeHidden();
  await playground.step(2);

  await sharing.drop({ name: "tomorrow.zip", bytes: await packArchive(files, Date.now()) });
  await sharing.refusal.getByRole("button", { name: "Reload the page" }).click();
  await expect(playground.button("Continue at step 2")).toBeVisible({ timeout: 400_000 });
});
