import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Server, ServerRoute } from '@hapi/hapi';
import { plugin as vision } from '@hapi/vision';
import Handlebars from 'handlebars';
import { csrf } from '../http/request/csrf.ts';
import type { Release } from '../version.ts';
import { readAssets } from './assets.ts';

/**
 * Gives a server `h.view(name, context)` for the views in the release's folder `pages`, what pages load, tokens
 * for their forms. Answers the routes of what pages load. No plugin: vision's views are those of whoever registers it.
 * Rejects when a view or something that pages load is missing or wrong.
 */
export async function addPages(server: Server, { folder }: Pick<Release, 'folder'>): Promise<ServerRoute[]> {
  const path = join(folder, 'pages');
  const { addresses, routes } = readAssets(path);
  server.route(routes);
  await server.register({
    plugin: vision,
    options: {
      engines: { hbs: Handlebars.create() },
      path,
      partialsPath: join(path, 'partials'),
      isCached: true,
      // A partial that is indented must not indent the lines of a text area.
      compileOptions: { preventIndent: true },
      context: { assets: addresses },
    },
  });
  await server.register(csrf);
  const views = readdirSync(path).filter((name) => name.endsWith('.hbs'));
  // Handlebars takes no notice of a layout that is missing.
  for (const view of views)
    if (!/^<!doctype html>/.test(await server.render(view, {}))) throw new Error(`${view} is no whole page`);
  return routes;
}
