import { STATUS_CODES } from 'node:http';
import type { Boom } from '@hapi/boom';
import type { Request, Server } from '@hapi/hapi';
import type {} from '@hapi/vision';
import { prefersHtml } from '../http/request/accept.ts';

/** What a visitor can do about an error, without any internals. */
const messages: Record<number, [heading: string, advice: string]> = {
  400: ['Invalid request', 'Part of the address or of the form is not valid.'],
  403: [
    'Form rejected',
    'The form was open for too long or came from another site. Go back, reload the page and send it again.',
  ],
  404: ['Page not found', 'There is no page at this address.'],
  413: ['Too long', 'Your text is too long. Go back, shorten it and send it again.'],
  500: ['Something went wrong', 'The error has been logged. Try again later.'],
  503: ['Temporarily unavailable', 'Try again in a moment.'],
};

/** Renders an error as a page for browsers. Changes only the response, not the error itself. */
export async function renderErrorPage(
  server: Server,
  { headers, context }: Request,
  { output }: Boom,
): Promise<void> {
  if (!prefersHtml(String(headers.accept ?? '*/*'))) return;
  const [heading, advice] = messages[output.statusCode] ?? [STATUS_CODES[output.statusCode]];
  const payload = await server.render('error', { heading, advice, id: context.id });
  Object.assign(output, { payload });
  Object.assign(output.headers, { 'content-type': 'text/html; charset=utf-8', vary: 'accept' });
}
