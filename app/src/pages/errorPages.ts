import { STATUS_CODES } from 'node:http';
import type { Boom } from '@hapi/boom';
import type { Request, Server } from '@hapi/hapi';
import type {} from '@hapi/vision';
import { prefersHtml } from '../http/request/accept.ts';

/** What a person can do about a status; nothing of what happened inside. */
const words: Record<number, [heading: string, advice: string]> = {
  400: ['Not understood', 'Something in the address or in the form is not what was expected.'],
  403: [
    'Not accepted',
    'The form was open for too long or came from elsewhere. Go back, reload it and send it again.',
  ],
  404: ['Not found', 'There is nothing at this address.'],
  413: ['Too much', 'What was sent is too long. Go back, shorten it and send it again.'],
  500: ['Something went wrong', 'It has been noted. Try again later.'],
  503: ['Not available now', 'This should pass soon. Try again in a moment.'],
};

/** Browsers get an error as a page. Only what is sent changes, not the error. */
export async function renderErrorPage(
  server: Server,
  { headers, context }: Request,
  { output }: Boom,
): Promise<void> {
  if (!prefersHtml(String(headers.accept ?? '*/*'))) return;
  const [heading, advice] = words[output.statusCode] ?? [STATUS_CODES[output.statusCode]];
  const payload = await server.render('error', { heading, advice, id: context.id });
  Object.assign(output, { payload });
  Object.assign(output.headers, { 'content-type': 'text/html; charset=utf-8', vary: 'accept' });
}
