import type { Request } from '@hapi/hapi';

/**
 * Whether the client uses HTTPS, as reported by the nginx that terminates TLS. A client that forges the header only
 * affects itself: its browser stores a cookie that it will not send back.
 */
export const isHttps = ({ headers }: Request) => /^https\b/i.test(String(headers['x-forwarded-proto']));
