import type { ReactElement, ReactNode } from "react";

/** Line icons, 20 px, in the colour of the text around them; always beside words, so hidden from screen readers. */
function Icon({ children }: { children: ReactNode }): ReactElement {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const LogoMark = () => (
  <svg className="logo-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
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
    <path d="M13 4.6A2 2 0 0 0 11 3.5H5.700A2.2 2.2 0 0 0 3.5 5.700V11a2 2 0 0 0 1.1 2" />
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
    <path d="M3 6.5 10 3l7 3.500v7L10 17l-7-3.500zM3 6.500l7 3.5 7-3.500M10 10v7" />
  </Icon>
);
export const TruckIcon = () => (
  <Icon>
    <path d="M2 5h9.500v9H2zM11.5 8h3.300L18 11.200V14h-6.5" />
    <circle cx="5.7" cy="14.8" r="1.7" />
    <circle cx="14.3" cy="14.8" r="1.7" />
  </Icon>
);
export const WalletIcon = () => (
  <Icon>
    <path d="M15.5 7V4.500h-10a2 2 0 0 0 0 4H17v8H5.500a2 2 0 0 1-2-2v-8" />
    <path d="M13.6 12.500h.01" />
  </Icon>
);
export const AlertIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="7.2" />
    <path d="M10 6.300v4.300m0 2.900v.01" />
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
