import { describe, expect, it } from "vitest";
import { LESSONS } from "./lessons/lessons.ts";
import { createPage, type PageParts } from "./page.ts";
import type { Link } from "./permalink.ts";
import type { RunPlan } from "./session.ts";
import { createPageStore } from "./stores/pageStore.ts";
import { createSettingsStore } from "./stores/settingsStore.ts";

const [lesson] = LESSONS;

function openPage() {
  if (!lesson) throw new Error("There must be a lesson.");
  const played: RunPlan[] = [];
  const settings = createSettingsStore("light", null);
  const store = createPageStore();
  store.setState({ lesson, source: "live" });
  const live = {
    stores: { settings },
    session: { plan: () => {}, play: (plan: RunPlan) => played.push(plan) },
  };
  const page = createPage({ store, live } as unknown as PageParts);
  const link = {
    view: "train",
    lesson,
    changes: { groupSize: 4 },
    hidden: [],
    problems: [],
    step: null,
    beat: null,
  };
  return { page, settings, played, link: link as unknown as Link };
}

describe("playing live", () => {
  it("begins with the lesson, the link's changes and the drafts, in this order", async () => {
    const { page, settings, played, link } = openPage();
    await page.follow(link);
    settings.setState({ draft: { groupSize: 6, temperature: 0.9 } });
    page.playLive({ temperature: 0.8 });
    expect(played.at(-1)?.config).toMatchObject({ groupSize: 6, temperature: 0.8 });
  });

  it("keeps what the link asked for when a waiting run has taken its drafts over", async () => {
    const { page, settings, played, link } = openPage();
    await page.follow(link);
    settings.setState({ draft: {} });
    page.playLive();
    expect(played.at(-1)?.config.groupSize).toBe(4);
  });
});
