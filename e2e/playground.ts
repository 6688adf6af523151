/** The page as a person uses it: what the journeys do again and again, by role and label. */
import { expect, type Locator, type Page } from "@playwright/test";

/** A step's shaders are compiled before Play is offered: on SwiftShader by the CPU, on two busy cores for minutes. */
const OPENING_MS = 400_000;
/** Software adapters take their time for a step too. */
const STEP_MS = 400_000;

export interface Visit {
  readonly model: "nano" | "showo-tiny";
  readonly backend: "auto" | "webgpu" | "wasm";
  readonly fail?: string;
}

export class Playground {
  readonly page: Page;
  readonly #problems: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.#problems.push(error.message));
  }

  /** Uncaught errors of the page so far; failures must be cards, never these. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Opens the live run, as most journeys want it; the page by itself opens on a recording. */
  async visit({ model, backend, fail }: Visit): Promise<void> {
    const query = new URLSearchParams({ model, backend, live: "1", ...(fail ? { fail } : {}) });
    await this.page.goto(`/?${query}`);
  }

  /** Opens the page as a visitor does, on the recording of a lesson. */
  async openRecorded(hash = ""): Promise<void> {
    await this.page.goto(`/?autoload=0&model=nano&backend=wasm${hash}`);
    await expect(this.playback).toBeVisible();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", typeof name === "string" ? { name, exact: true } : { name });
  }

  get status(): Locator {
    return this.page.getByRole("region", { name: "Status" });
  }

  get playback(): Locator {
    return this.page.getByRole("region", { name: "Playback controls" });
  }

  get lesson(): Locator {
    return this.page.getByRole("region", { name: /^Lesson: / });
  }

  /** Step of the recording and their number, as the controls say it. */
  async expectStep(step: number): Promise<void> {
    await expect(this.playback.getByRole("status")).toContainText(new RegExp(`^step ${step} /`));
  }

  async chooseLesson(title: string): Promise<void> {
    await this.button(/^Lesson /).click();
    await this.page.getByRole("menuitemradio", { name: title }).click();
  }

  get card(): Locator {
    return this.page.getByRole("alert");
  }

  get resumeOffer(): Locator {
    return this.page.getByRole("region", { name: "Saved run" });
  }

  /** Opens the page and waits until training could begin. */
  async open(visit: Visit): Promise<void> {
    await this.visit(visit);
    await this.expectReady();
  }

  async expectReady(): Promise<void> {
    await expect(this.button("Play")).toBeEnabled({ timeout: OPENING_MS });
  }

  /** Sets a field of the recipe, by its label. */
  async set(label: string, value: number): Promise<void> {
    const field = this.page.getByRole("textbox", { name: label, exact: true });
    await field.fill(String(value));
    await field.press("Enter");
  }

  /** Small steps, so that a software adapter finishes them soon. */
  async makeStepsSmall(): Promise<void> {
    await this.set("group size G", 4);
    await this.set("prompts per step", 1);
    await this.openAdvanced();
    await this.set("decoding steps T", 2);
    await this.set("re-mask draws K", 1);
    await this.set("answer length", 4);
  }

  /** Shows the recipe's other fields. */
  async openAdvanced(): Promise<void> {
    const toggle = this.button(/^Advanced/);
    if ((await toggle.getAttribute("aria-expanded")) !== "true") await toggle.click();
  }

  curveOf(steps: number): Locator {
    return this.page.getByRole("img", { name: new RegExp(`^Reward over ${steps} steps`) });
  }

  async expectFinished(steps: number): Promise<void> {
    await expect(this.curveOf(steps)).toBeVisible({ timeout: STEP_MS });
  }

  /** One whole step, from rest to rest. @param finished steps finished after it */
  /** A run that plays has finished a step; a fast machine is past the first one before anybody looks. */
  async expectBegun(): Promise<void> {
    const curve = this.page.getByRole("img", { name: /^Reward over [1-9]\d* steps/ });
    await expect(curve).toBeVisible({ timeout: STEP_MS });
  }

  async step(finished: number): Promise<void> {
    await this.button("Step").click();
    await this.expectFinished(finished);
    await this.expectReady();
  }

  async expectSaved(step: number): Promise<void> {
    await expect(this.status).toContainText(new RegExp(`saved .*step ${step}\\b`));
  }

  async keepScreenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `artifacts/screens/${name}.png`, fullPage: true });
  }
}
