/** News that a screen reader should speak wherever the user is: written into a polite live region. */

const REGION = "announcements";

export const announcementsProps = { id: REGION, className: "visually-hidden", "aria-live": "polite" } as const;

export function announce(text: string): void {
  const region = document.getElementById(REGION);
  if (region) region.textContent = text;
}
