// Icons of the interface, 20 px outlines drawn for it; always beside a label or with a title.

const PATHS = {
  search: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM13.2 13.2L17 17',
  layers: 'M3 7.2L10 3.5l7 3.7-7 3.7zM3 10.6l7 3.7 7-3.7M3 13.8l7 3.7 7-3.7',
  file: 'M5 3h7l3.5 3.5V17H5zM12 3v3.5h3.5M7.5 10.5h5M7.5 13.5h5',
  list: 'M4 5.5h12M4 10h12M4 14.5h8',
  close: 'M5 5l10 10M15 5L5 15',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  home: 'M3.5 9.5L10 4l6.5 5.5M5.5 8v8.5h9V8',
  sun: 'M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M15.7 4.3l-1.4 1.4M5.7 14.3l-1.4 1.4',
  moon: 'M16 11.5A6.5 6.5 0 0 1 8.5 4a6.5 6.5 0 1 0 7.5 7.5z',
  keys: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.7h7',
  chevron: 'M5.5 8l4.5 4.5L14.5 8',
  link: 'M8.5 11.5l3-3M9.5 6.2l1.7-1.7a3 3 0 0 1 4.3 4.3l-1.7 1.7M10.5 13.8l-1.7 1.7a3 3 0 0 1-4.3-4.3l1.7-1.7',
  target: 'M10 5.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10 2.5v4M10 13.5v4M2.5 10h4M13.5 10h4',
  lock: 'M5.5 9h9v7.5h-9zM7.3 9V6.7a2.7 2.7 0 0 1 5.4 0V9',
  swap: 'M4 7.5h11l-3-3M16 12.5H5l3 3',
  pin: 'M10 17.5s5-4.7 5-8.7a5 5 0 1 0-10 0c0 4 5 8.7 5 8.7zM10 7.2a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2z',
  alert: 'M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.2v.3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

type ButtonProps = {
  icon: IconName;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  class?: string;
};

export function IconButton({ icon, label, onClick, pressed, class: extra = '' }: ButtonProps) {
  return (
    <button type="button" class={`icon-button ${extra}`} title={label} aria-label={label}
      aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
