import { isBoom } from '@hapi/boom';
import type { Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';

type List = readonly (readonly [name: string, value: string])[];

/** For answers that are no pages: should a browser show one all the same, then as plain data. */
const forData: List = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
];

/** Pages have one style sheet, one icon and forms, all of TheAPP's own; no scripts, frames or other hosts. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const forPages: List = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', contentSecurityPolicy],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  // Not no-referrer: with it, browsers send a form's Origin as null.
  ['referrer-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'],
  // For browsers that know no frame-ancestors.
  ['x-frame-options', 'DENY'],
];

/** Tells browsers to be strict (OWASP Secure Headers). Lists made once: this runs for every answer. */
export function setSecurityHeaders(headers: ResponseHeaders, page: boolean): void {
  for (const [name, value] of page ? forPages : forData) headers[name] = value;
}

/** Whether a browser shows it as a page; errors are pages only once they have been made some. */
export function isPage(response: Request['response']): boolean {
  if (isBoom(response)) return isHtml(response.output.headers['content-type']);
  return String(response.variety) === 'view' || isHtml(response.headers['content-type']);
}

const isHtml = (type: unknown) => typeof type === 'string' && type.startsWith('text/html');
