import type { Request, ResponseObject } from '@hapi/hapi';
import { isHttps } from '../../http/request/https.ts';

/** Longer than a replica is behind when all is well. */
const seconds = 10;

/** After a change this browser reads from the primary for a while: its own change is there, on the replica maybe not. */
export function readFromPrimary(request: Request, response: ResponseObject): ResponseObject {
  return response.state('fresh', '1', {
    ttl: seconds * 1000,
    path: '/',
    isHttpOnly: true,
    isSameSite: 'Lax',
    isSecure: isHttps(request),
  });
}

/** Whether this browser changed something a moment ago. */
export const readsFromPrimary = ({ state }: Request) => state.fresh === '1';
