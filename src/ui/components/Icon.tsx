/** Line icons on a 20-pixel grid, drawn for this page. Decorative: the words beside them carry the meaning. */
const PATHS = {
  play: (
    <path
      d="M6.5 4.2v11.6a.6.6 0 0 0 .92.5l9-5.8a.6.6 0 0 0 0-1l-9-5.8a.6.6 0 0 0-.92.5Z"
      fill="currentColor"
    />
  ),
  pause: <path d="M6.2 4h2.6v12H6.2zM11.2 4h2.6v12h-2.6z" fill="currentColor" />,
  step: <path d="M5 4.6v10.8l7.6-5.4zM13.6 4.5h2v11h-2z" fill="currentColor" />,
  stop: <rect x="5" y="5" width="10" height="10" rx="1.6" fill="currentColor" />,
  reset: <path d="M4.5 4v4h4M4.9 8A6 6 0 1 1 4 10.6" />,
  save: (
    <path d="M10 3.5v8.2m0 0L6.8 8.6M10 11.7l3.2-3.1M4 13v2.2c0 .7.6 1.3 1.3 1.3h9.4c.7 0 1.3-.6 1.3-1.3V13" />
  ),
  share: (
    <path d="M10 12.2V3.4m0 0L6.9 6.5M10 3.4l3.1 3.1M6 9.4H4.9c-.6 0-1.1.5-1.1 1.1v4.9c0 .6.5 1.1 1.1 1.1h10.2c.6 0 1.1-.5 1.1-1.1v-4.9c0-.6-.5-1.1-1.1-1.1H14" />
  ),
  picture: (
    <path d="M4.2 4.6h11.6c.5 0 .9.4.9.9v9c0 .5-.4.9-.9.9H4.2a.9.9 0 0 1-.9-.9v-9c0-.5.4-.9.9-.9ZM4 13.4l3.6-3.6 2.8 2.8 2.2-2.2 3.6 3.4M12.7 7.9v.1" />
  ),
  help: (
    <path d="M7.6 7.5a2.4 2.4 0 1 1 3.5 2.2c-.8.4-1.1.9-1.1 1.8M10 14.4v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z" />
  ),
  sun: (
    <path d="M10 13.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8ZM10 2.2v1.6M10 16.2v1.6M2.2 10h1.6M16.2 10h1.6M4.5 4.5l1.1 1.1M14.4 14.4l1.1 1.1M4.5 15.5l1.1-1.1M14.4 5.6l1.1-1.1" />
  ),
  moon: <path d="M16.6 11.8A7 7 0 0 1 8.2 3.4a7 7 0 1 0 8.4 8.4Z" />,
  down: <path d="m6 8 4 4 4-4" />,
  left: <path d="m12 5-5 5 5 5" />,
  right: <path d="m8 5 5 5-5 5" />,
  live: <circle cx="10" cy="10" r="5" fill="currentColor" stroke="none" />,
  nextStep: <rect x="5" y="5" width="10" height="10" rx="1" fill="currentColor" stroke="none" />,
  newRun: <path d="M10 4.4 16.4 15.6H3.6z" fill="currentColor" stroke="none" />,
  warning: <path d="M10 3.4 17.4 16.4H2.6zM10 8.2v3.8M10 14v.1" />,
  hint: <path d="M10 9.2v4.6M10 6.5v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z" />,
  good: <path d="m4.5 10.6 3.6 3.6 7.4-8" />,
  loop: (
    <path d="M4.2 9.4V8.6A2.6 2.6 0 0 1 6.8 6h8m0 0-2.4-2.4M14.8 6l-2.4 2.4M15.8 10.6v.8a2.6 2.6 0 0 1-2.6 2.6h-8m0 0 2.4 2.4M5.2 14l2.4-2.4" />
  ),
  black: <rect x="3" y="4.5" width="14" height="11" rx="2" fill="currentColor" />,
  notes: (
    <path d="M5.4 3.5h9.2c.5 0 .9.4.9.9v11.2c0 .5-.4.9-.9.9H5.4a.9.9 0 0 1-.9-.9V4.4c0-.5.4-.9.9-.9ZM7.4 7.4h5.2M7.4 10.2h5.2M7.4 13h2.8" />
  ),
  fullScreen: <path d="M3.5 7.5v-4h4M16.5 7.5v-4h-4M3.5 12.5v4h4M16.5 12.5v4h-4" />,
  leaveFullScreen: <path d="M7.5 3.5v4h-4M12.5 3.5v4h4M7.5 16.5v-4h-4M12.5 16.5v-4h4" />,
  keyboard: (
    <path d="M3.4 5.5h13.2c.5 0 .9.4.9.9v7.2c0 .5-.4.9-.9.9H3.4a.9.9 0 0 1-.9-.9V6.4c0-.5.4-.9.9-.9ZM5.5 8.4v.1M8.5 8.4v.1M11.5 8.4v.1M14.5 8.4v.1M6.6 11.8h6.8" />
  ),
  more: (
    <path
      d="M5 8.6a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8ZM10 8.6a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8ZM15 8.6a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8Z"
      fill="currentColor"
      stroke="none"
    />
  ),
  pin: <path d="M7.4 3.6h5.2M8.2 3.8v4.6L5.6 11v1.2h8.8V11l-2.6-2.6V3.8M10 12.4v4.2" />,
  branch: (
    <path d="M6 7.2v5.6M6 7.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM6 16.4a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM14 7.2a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM14 7.2c0 3-2.4 3.6-4.6 4.1-1.6.4-3 .9-3.4 1.9" />
  ),
  bin: (
    <path d="M4.4 6h11.2M8 5.8V4.2h4v1.6M5.8 6l.7 9.6c0 .5.4.9.9.9h5.2c.5 0 .9-.4.9-.9l.7-9.6M8.6 9v4.6M11.4 9v4.6" />
  ),
  swipe: <path d="M10 3.4v13.2M7 7.2 4.2 10 7 12.8M13 7.2l2.8 2.8-2.8 2.8" />,
  seed: (
    <path d="M10 16.5v-6M10 10.5C10 7.3 7.8 5.2 4 5.2c0 3.5 2.2 5.3 6 5.3ZM10 12.6c0-2.7 1.8-4.4 5.6-4.4 0 3-1.9 4.4-5.6 4.4Z" />
  ),
  dice: (
    <path d="M5.4 3.9h9.2c.8 0 1.5.7 1.5 1.5v9.2c0 .8-.7 1.5-1.5 1.5H5.4c-.8 0-1.5-.7-1.5-1.5V5.4c0-.8.7-1.5 1.5-1.5ZM7.2 7.2v.1M12.8 7.2v.1M10 10v.1M7.2 12.8v.1M12.8 12.8v.1" />
  ),
  locked: (
    <path d="M6 9.2h8c.6 0 1 .4 1 1v5c0 .6-.4 1-1 1H6c-.6 0-1-.4-1-1v-5c0-.6.4-1 1-1ZM7 9V6.6a3 3 0 0 1 6 0V9" />
  ),
  unlocked: (
    <path d="M6 9.2h8c.6 0 1 .4 1 1v5c0 .6-.4 1-1 1H6c-.6 0-1-.4-1-1v-5c0-.6.4-1 1-1ZM7 9V6.2a3 3 0 0 1 5.7-1.3" />
  ),
  still: (
    <path d="M3 10c1.8-3 4.1-4.6 7-4.6s5.2 1.6 7 4.6c-1.8 3-4.1 4.6-7 4.6S4.8 13 3 10ZM8.6 8.4v3.2M11.4 8.4v3.2" />
  ),
  awake: (
    <path d="M4.6 7.6h9.2v5.2a3 3 0 0 1-3 3H7.6a3 3 0 0 1-3-3ZM13.8 8.8h1.1a2 2 0 0 1 0 4h-1.1M7.4 5.4V3.6M11 5.4V3.6" />
  ),
  swap: <path d="M4 7.2h11.4m0 0-2.8-2.8M16 12.8H4.6m0 0 2.8 2.8" />,
  close: <path d="m5.5 5.5 9 9m0-9-9 9" />,
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
