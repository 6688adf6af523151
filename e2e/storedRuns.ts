/** Damages stored checkpoints from inside the page, as a failing disk would. */
import type { Page } from "@playwright/test";

/** @param which "newest" damages the slot the head points to, "all" every slot. @returns how many were damaged */
export async function damageCheckpoints(page: Page, which: "newest" | "all"): Promise<number> {
  return await page.evaluate(async (wanted) => {
    const finish = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await finish(indexedDB.open("unirl-playground"));
    const transaction = db.transaction(["heads", "slots"], "readwrite");
    const heads = await finish(transaction.objectStore("heads").getAll());
    const slots = await finish(transaction.objectStore("slots").getAll());
    const chosen = slots.filter((slot) => wanted === "all" || heads.some((head) => head.slot === slot.slot));
    for (const slot of chosen) {
      slot.bytes[slot.bytes.length >> 1] ^= 0xff;
      await finish(transaction.objectStore("slots").put(slot));
    }
    db.close();
    return chosen.length;
  }, which);
}
