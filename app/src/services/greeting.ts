import type {} from '@hapi/vision';
import { z } from 'zod';
import { type Database, type Dependencies, Unavailable } from '../dependencies/dependencies.ts';
import { type AnyEndpoint, endpoint } from '../http/endpoint.ts';
import { prefersHtml } from '../http/request/accept.ts';

/** `GET /`: the greeting in row 1 of table `data`; the index page for browsers. `GET /hello`: a greeting without MySQL. */
export function greeting({ database }: Pick<Dependencies, 'database'>): AnyEndpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/',
      service: 'greeting',
      summary: 'A greeting from MySQL; for clients that prefer text/html, the page with all services',
      responses: { 200: { description: 'The greeting, followed by a line break', type: 'text/plain' } },
      async handle({ request, h }) {
        // The page does not need MySQL: visitors open it to find out what works.
        if (prefersHtml(String(request.headers.accept ?? '*/*'))) return h.view('index').vary('accept');
        return h
          .response(`${await firstMessage(database)}\n`)
          .type('text/plain')
          .vary('accept');
      },
    }),
    endpoint({
      method: 'GET',
      path: '/hello',
      service: 'greeting',
      summary: 'A greeting without MySQL',
      responses: {
        200: { description: 'The greeting', schema: z.object({ hello: z.literal('world') }) },
      },
      handle: () => ({ hello: 'world' }),
    }),
  ];
}

async function firstMessage(database: Database): Promise<string> {
  const [row] = await database.read('SELECT message FROM data WHERE id = ?', [1]);
  if (row === undefined) throw new Unavailable('mysql', 'NO_ROW', 'table data has no row 1');
  return String(row.message);
}
