import type { ReactElement, ReactNode } from "react";
import styles from "./icons.module.css";

/** Line icons, 20 px, in the colour of the text around them; always beside words, so hidden from screen readers. */
function Icon({ children }: { children: ReactNode }): ReactElement {
  return (
    <svg className={styles.icon} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const LogoMark = () => (
  <svg className={styles.logo} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="9" />
    <path d="M22.4 11.2A8 8 0 1 0 24 16h-6.5" />
    <circle cx="24.3" cy="8" r="2.6" />
  </svg>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m4.5 10.5 3.6 3.6 7.4-8" />
  </Icon>
);
export const CrossIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9m0-9-9 9" />
  </Icon>
);
export const ClockIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7" />
    <path d="M10 6v4l2.6 2" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="7" y="7" width="9.5" height="9.5" rx="2.2" />
    <path d="M13 4.6A2 2 0 0 0 11 3.5H5.7A2.2 2.2 0 0 0 3.5 5.7V11a2 2 0 0 0 1.1 2" />
  </Icon>
);
export const UserIcon = () => (
  <Icon>
    <circle cx="10" cy="6.8" r="3.3" />
    <path d="M3.5 17c.7-3.4 3.3-5 6.5-5s5.8 1.6 6.5 5" />
  </Icon>
);
export const BoxIcon = () => (
  <Icon>
    <path d="M3 6.5 10 3l7 3.5v7L10 17l-7-3.5zM3 6.5l7 3.5 7-3.5M10 10v7" />
  </Icon>
);
export const TruckIcon = () => (
  <Icon>
    <path d="M2 5h9.5v9H2zM11.5 8h3.3L18 11.2V14h-6.5" />
    <circle cx="5.7" cy="14.8" r="1.7" />
    <circle cx="14.3" cy="14.8" r="1.7" />
  </Icon>
);
export const WalletIcon = () => (
  <Icon>
    <path d="M15.5 7V4.5h-10a2 2 0 0 0 0 4H17v8H5.5a2 2 0 0 1-2-2v-8" />
    <path d="M13.6 12.5h.01" />
  </Icon>
);
export const AlertIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.2" />
    <path d="M10 6.3v4.3m0 2.9v.01" />
  </Icon>
);
export const PlusIcon = () => (
  <Icon>
    <path d="M10 4v12m-6-6h12" />
  </Icon>
);
export const DiceIcon = () => (
  <Icon>
    <rect x="3" y="3" width="14" height="14" rx="3.5" />
    <path d="M7 7v.01M13 7v.01M10 10v.01M7 13v.01M13 13v.01" />
  </Icon>
);
export const ArrowLeftIcon = () => (
  <Icon>
    <path d="M16 10H4m5-5-5 5 5 5" />
  </Icon>
);
export const RefundIcon = () => (
  <Icon>
    <path d="M4 8h8a4 4 0 0 1 0 8H8M7.5 4.5 4 8l3.5 3.5" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.4" />
    <path d="M10 2.5v1.7m0 11.6v1.7M2.5 10h1.7m11.6 0h1.7M4.7 4.7l1.2 1.2m8.2 8.2 1.2 1.2m0-10.6-1.2 1.2m-8.2 8.2-1.2 1.2" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3Z" />
  </Icon>
);
export const KeyboardIcon = () => (
  <Icon>
    <rect x="2" y="5" width="16" height="10.5" rx="2" />
    <path d="M5 8.3v.01M8.3 8.3v.01M11.7 8.3v.01M15 8.3v.01M6.5 12.2h7" />
  </Icon>
);
export const SignalIcon = () => (
  <Icon>
    <path d="M10 15.5v.01M6.8 12.2a4.6 4.6 0 0 1 6.4 0M3.8 9a8.9 8.9 0 0 1 12.4 0" />
  </Icon>
);
export const NoSignalIcon = () => (
  <Icon>
    <path d="M10 15.5v.01M6.8 12.2a4.6 4.6 0 0 1 2.7-1.3M3.8 9a8.9 8.9 0 0 1 3.4-2.2m4.3-.4A8.9 8.9 0 0 1 16.2 9M3 3l14 14" />
  </Icon>
);
export const SpinnerIcon = () => (
  <svg className={styles.spinner} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <circle cx="10" cy="10" r="7" />
    <path d="M17 10a7 7 0 0 0-7-7" />
  </svg>
);
