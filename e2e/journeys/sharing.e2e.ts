/** What is taken away is what was shown, and what is brought back goes on where it was. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { unpackArchive } from "../../src/formats/archive.ts";
import { readText } from "../../src/formats/pngText.ts";
import { PNG_KEYWORD, parseSharedConfig } from "../../src/formats/sharedConfig.ts";
import { watchMainThread } from "../mainThread.ts";
import { Playground } from "../playground.ts";
import { bytesOf, Sharing } from "../sharing.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

test("a run leaves as files and comes back: settings, numbers, video, the whole run, its adapter", async ({
  page,
}) => {
  const playground = new Playground(page);
  const sharing = new Sharing(page);
  await playground.open({ model: "nano", backend: "wasm" });
  await playground.makeStepsSmall();
  await playground.set("filmstrip every", 1);
  await playground.step(1);

  const expectFreeMainThread = await watchMainThread(page);
  const picture = await sharing.save("Curves");
  const text = readText(picture.bytes, PNG_KEYWORD);
  expect(parseSharedConfig(text ?? "")).toMatchObject({ modelId: "nano", step: 1, config: { groupSize: 4 } });
  const csv = new TextDecoder().decode((await sharing.save("Metrics as CSV")).bytes).split("\r\n");
  expect(csv).toHaveLength(3);
  expect(csv[0]).toContain("rewardMean [0–1]");
  const lines = await sharing.save("Metrics as JSON Lines");
  const gif = await sharing.save("Filmstrip as GIF");
  expect(new TextDecoder().decode(gif.bytes.subarray(0, 6))).toBe("GIF89a");
  const video = await sharing.save("Filmstrip as video");
  const exported = await sharing.save("Export run");
  await expectFreeMainThread(test.info());

  const played = await page.evaluate(
    async (content) => {
      const element = document.createElement("video");
      element.src = URL.createObjectURL(new Blob([Uint8Array.from(content)], { type: "video/webm" }));
      await new Promise((resolve, reject) => {
        element.onloadeddata = resolve;
        element.onerror = () => reject(new Error(element.error?.message));
      });
      return [element.videoWidth, element.videoHeight, element.duration];
    },
    [...video.bytes],
  );
  // Two prompts side by side; the first drawing for 0.4 s, the last for 1.6 s.
  expect(played).toEqual([584, 412, 2]);

  expect(exported.name).toBe("unirl-nano-robust-seed0-step1.zip");
  const files = await unpackArchive(exported.bytes);
  expect([...files.keys()].filter((name) => name.startsWith("filmstrip/"))).toHaveLength(4);
  await playground.step(2);

  await sharing.open(lines);
  await expect(page.getByText(`Compared with ${lines.name}`)).toBeVisible();
  await playground.keepScreenshot("sharing-compared");
  await page.getByRole("button", { name: "Stop comparing" }).click();

  await sharing.open({ ...exported, bytes: exported.bytes.subarray(0, exported.bytes.length - 100) });
  await expect(sharing.refusal).toContainText("This zip is damaged");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(playground.curveOf(2)).toBeVisible();

  await sharing.drop(exported);
  await expect(sharing.card("The run is stored in this browser")).toContainText("Step 1");
  await page.getByRole("button", { name: "Continue at step 1" }).click();
  await playground.expectFinished(1);
  await playground.step(2);
  await expect(page.getByRole("button", { name: /^Look at step/ })).toHaveCount(6);

  const adapter = files.get("adapter/adapter_model.safetensors") ?? new Uint8Array();
  await sharing.open({ name: "adapter_model.safetensors", bytes: adapter });
  await page.getByRole("button", { name: "Begin with it" }).click();
  await expect(page.getByText("Ready. Press Play.")).toBeVisible();

  await sharing.drop(picture);
  await expect(sharing.card("Settings found in this picture")).toContainText("group size G");
  await page.getByRole("button", { name: "Start a run with them" }).click();
  await expect(page.getByRole("textbox", { name: "group size G" })).toHaveValue("4");
  expect(playground.problems).toEqual([]);
});

test("a recording gives pictures and numbers, and what is dropped on it goes on live", async ({
  page,
  context,
}) => {
  const playground = new Playground(page);
  const sharing = new Sharing(page);
  await playground.openRecorded();
  await playground.chooseLesson("Counting");
  await playground.button("Pause").click();
  await playground.playback.getByRole("slider").fill("2");
  await playground.expectStep(2);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  // The adapter of a recording was not kept.
  await expect(page.getByRole("menuitem", { name: /^Export run/ })).toBeDisabled();
  await page.keyboard.press("Escape");
  const csv = new TextDecoder().decode((await sharing.save("Metrics as CSV")).bytes).split("\r\n");
  expect(csv).toHaveLength(4);
  const picture = await sharing.save("This group");
  const shared = parseSharedConfig(readText(picture.bytes, PNG_KEYWORD) ?? "");
  expect(shared).toMatchObject({ modelId: "showo-tiny", step: 2, config: { promptKind: "counting" } });
  expect(shared.link).toContain("lesson=counting");

  await sharing.drop(picture);
  await page.getByRole("button", { name: "Start a run with them" }).click();
  await expect(playground.status).toContainText("training in a worker", { timeout: 180_000 });
  await expect(page.getByRole("combobox", { name: "prompts", exact: true })).toHaveValue("counting");
  await playground.button("Stop").click();
  await playground.expectReady();
  const exported = await sharing.save("Export run");
  await page.close();

  const other = await context.newPage();
  const visitor = new Playground(other);
  await visitor.openRecorded();
  const opened = new Sharing(other);
  await opened.drop(exported);
  await expect(opened.card("The run is stored in this browser")).toBeVisible({ timeout: 180_000 });
  await other.getByRole("button", { name: /^(Continue at step|Begin with it)/ }).click();
  await visitor.expectReady();
  await expect(visitor.status).not.toContainText("recorded");
  expect([...playground.problems, ...visitor.problems]).toEqual([]);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`menu and cards are accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const playground = new Playground(page);
    const sharing = new Sharing(page);
    await playground.open({ model: "nano", backend: "wasm" });
    const expectAccessible = async () => {
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual(
        [],
      );
    };
    await page.getByRole("button", { name: "Share", exact: true }).focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("menuitem", { name: /^Open a file/ })).toBeVisible();
    await expectAccessible();
    await playground.keepScreenshot(`sharing-menu-${colorScheme}`);
    await page.keyboard.press("Escape");

    const download = page.waitForEvent("download");
    await page.keyboard.press("e");
    const exported = await bytesOf(await download);
    await sharing.drop({ name: "notes.txt", bytes: new TextEncoder().encode("Dear diary") });
    await expect(sharing.refusal).toContainText("notes.txt cannot be opened");
    await expectAccessible();
    await playground.keepScreenshot(`sharing-refused-${colorScheme}`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect(sharing.refusal).toBeHidden();
    await sharing.drop(exported);
    await expect(sharing.card("The run is stored in this browser")).toBeVisible();
    await expectAccessible();
    await playground.keepScreenshot(`sharing-imported-${colorScheme}`);
  });
}
