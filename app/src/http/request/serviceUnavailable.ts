import type { Boom } from '@hapi/boom';
import type { Request } from '@hapi/hapi';
import type { Unavailable } from '../../dependencies/unavailable.ts';
import { logFields } from './requestLog.ts';

/** Turns the failure of a dependency into a 503 without details; the log gets the code and the message. */
export function replyServiceUnavailable(request: Request, error: Boom & Unavailable): void {
  logUnavailable(request, error);
  const { output } = error;
  output.statusCode = 503;
  output.payload = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };
  output.headers['retry-after'] = '1';
}

/** Logs the details for the operator; for services that respond to the failure in their own format. */
export function logUnavailable(request: Request, { dependency, code, message }: Unavailable) {
  request.server.app.log.warn({ ...logFields(request), dependency, code }, message);
}
