import { isBoom } from '@hapi/boom';
import type { Request } from '@hapi/hapi';
import type { ResponseHeaders } from '../response.ts';

type List = readonly (readonly [name: string, value: string])[];

/** For responses that are not pages: a browser that shows one anyway treats it as plain data. */
const dataHeaders: List = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
];

/** Pages load one style sheet and one icon and contain forms, all from TheAPP itself: no scripts, frames or other hosts. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders: List = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', contentSecurityPolicy],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  // Not no-referrer: it makes browsers send `Origin: null` with a form.
  ['referrer-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'],
  // For browsers without frame-ancestors.
  ['x-frame-options', 'DENY'],
];

/** Sets the headers of OWASP Secure Headers. The lists are built once, because this runs for every response. */
export function setSecurityHeaders(headers: ResponseHeaders, page: boolean): void {
  for (const [name, value] of page ? pageHeaders : dataHeaders) headers[name] = value;
}

/** Whether the response is HTML. An error is HTML only after it was rendered as a page. */
export function isPage(response: Request['response']): boolean {
  if (isBoom(response)) return isHtml(response.output.headers['content-type']);
  return String(response.variety) === 'view' || isHtml(response.headers['content-type']);
}

const isHtml = (type: unknown) => typeof type === 'string' && type.startsWith('text/html');
