/** The page without a network: everything that it needs was stored when it was first seen. */
import { expect, test } from "@playwright/test";
import { Playground } from "../playground.ts";

test.use({ serviceWorkers: "allow" });

test("opens and plays without a network once it was seen", async ({ page, context }) => {
  const playground = new Playground(page);
  await playground.openRecorded();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });
  // A first visit is not the worker's; from the second on all requests are.
  await page.reload();
  await expect(playground.playback).toBeVisible();
  await expect(playground.lesson).toBeVisible();
  await playground.expectStep(1);

  await context.setOffline(true);
  await page.reload();
  await expect(playground.lesson).toBeVisible();
  await playground.expectStep(1);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(playground.problems).toEqual([]);
});

test("can be installed", async ({ page, request }) => {
  await page.goto("/?autoload=0");
  const href = await page.locator('link[rel="manifest"]').getAttribute("href");
  const manifest = await (await request.get(new URL(href ?? "", page.url()).href)).json();
  expect(manifest).toMatchObject({ name: "UniRL Playground", display: "standalone" });
  for (const { src } of manifest.icons) {
    const icon = await request.get(new URL(src, page.url()).href);
    expect(icon.headers()["content-type"]).toContain("image/svg+xml");
  }
});
