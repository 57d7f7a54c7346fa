import type { Boom } from '@hapi/boom';
import type { Request } from '@hapi/hapi';
import type { Unavailable } from '../../dependencies/unavailable.ts';
import { logFields } from './requestLog.ts';

/** Turns a dependency's failure into a 503 that says nothing of it; the log gets the code and the words. */
export function replyServiceUnavailable(request: Request, error: Boom & Unavailable): void {
  logUnavailable(request, error);
  const { output } = error;
  output.statusCode = 503;
  output.payload = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };
  output.headers['retry-after'] = '1';
}

/** What only the operator may know; for services that answer a failure in a form of their own. */
export function logUnavailable(request: Request, { dependency, code, message }: Unavailable) {
  request.server.app.log.warn({ ...logFields(request), dependency, code }, message);
}
