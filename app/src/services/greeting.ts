import type { Plugin } from '@hapi/hapi';
import type { Database } from '../dependencies/database.ts';
import { Unavailable } from '../dependencies/unavailable.ts';

/** `GET /`: the greeting that row 1 of table `data` holds. `GET /hello`: the same idea without MySQL. */
export const greeting: Plugin<{ database: Database }> = {
  name: 'greeting',
  register(server, { database }) {
    server.route([
      {
        method: 'GET',
        path: '/',
        handler: async (_request, h) => h.response(`${await firstMessage(database)}\n`).type('text/plain'),
      },
      { method: 'GET', path: '/hello', handler: () => ({ hello: 'world' }) },
    ]);
  },
};

async function firstMessage(database: Database): Promise<string> {
  const [row] = await database.query('SELECT message FROM data WHERE id = ?', [1]);
  if (row === undefined) throw new Unavailable('mysql', 'NO_ROW', 'table data has no row 1');
  return String(row.message);
}
