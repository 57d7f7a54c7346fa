import type { Request } from '@hapi/hapi';

/**
 * Whether the client came by TLS, which nginx ends and says so. A client that lies about it only harms itself:
 * its browser keeps a cookie that it does not send again.
 */
export const isHttps = ({ headers }: Request) => /^https\b/i.test(String(headers['x-forwarded-proto']));
