/**
 * The page without a network: its own files are stored when it is first seen; models, recordings and sprites when they are
 * used. What the network has wins over the latter, so that a new version is never mixed with old files. A new page waits
 * until all tabs of the old one are closed: a run is never reloaded away.
 */
import { type PrecacheEntry, precacheAndRoute } from "workbox-precaching";
import { registerRoute } from "workbox-routing";
import { NetworkFirst } from "workbox-strategies";

/** The built files; the build puts them here (`vite.config.ts`). */
declare const __BUILT_FILES__: PrecacheEntry[];

// What the address asks for is read by the page; the file is the same.
precacheAndRoute(__BUILT_FILES__, { ignoreURLParametersMatching: [/.*/] });
registerRoute(
  ({ sameOrigin, url }) => sameOrigin && /\/(models|runs|world)\//.test(url.pathname),
  new NetworkFirst({ cacheName: "used" }),
);
