import type { Request, ResponseObject } from '@hapi/hapi';
import { isHttps } from '../../http/request/https.ts';

/** Longer than the replication lag of a healthy replica. */
const seconds = 10;

/** Makes this browser read from the primary for a while after a write: the replica may not have the write yet. */
export function readFromPrimary(request: Request, response: ResponseObject): ResponseObject {
  return response.state('fresh', '1', {
    ttl: seconds * 1000,
    path: '/',
    isHttpOnly: true,
    isSameSite: 'Lax',
    isSecure: isHttps(request),
  });
}

/** Whether this browser has written a moment ago. */
export const readsFromPrimary = ({ state }: Request) => state.fresh === '1';
