import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Server, ServerRoute } from '@hapi/hapi';
import { plugin as vision } from '@hapi/vision';
import Handlebars from 'handlebars';
import { csrf } from '../http/request/csrf.ts';
import type { Release } from '../version.ts';
import { readAssets } from './assets.ts';

/**
 * Adds `h.view(name, context)` for the views in the release's folder `pages`, CSRF tokens for their forms, and the
 * routes of their assets, which it returns. It is not a plugin, because vision binds its views to the plugin that
 * registers it. Rejects if a view or an asset is missing or invalid.
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
      // An indented partial must not indent the lines of a textarea.
      compileOptions: { preventIndent: true },
      context: { assets: addresses },
    },
  });
  await server.register(csrf);
  const views = readdirSync(path).filter((name) => name.endsWith('.hbs'));
  // Handlebars ignores a missing layout.
  for (const view of views)
    if (!/^<!doctype html>/.test(await server.render(view, {})))
      throw new Error(`${view} does not render a complete page`);
  return routes;
}
