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
  dice: (
    <path d="M5.6 3.6h8.8c1.1 0 2 .9 2 2v8.8c0 1.1-.9 2-2 2H5.6c-1.1 0-2-.9-2-2V5.6c0-1.1.9-2 2-2ZM7.2 7.2v.1M12.8 7.2v.1M10 10v.1M7.2 12.8v.1M12.8 12.8v.1" />
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
