import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { notFound } from '@hapi/boom';
import type { ServerRoute } from '@hapi/hapi';

const types = { css: 'text/css', svg: 'image/svg+xml' };
type Kind = keyof typeof types;

/** The style sheet and the icon. Their paths contain a hash of the content, so that browsers can cache them for ever. */
export interface Assets {
  addresses: Record<Kind, string>;
  routes: ServerRoute[];
}

const immutableForAYear = 'public, max-age=31536000, immutable';

/** Reads theapp.css and theapp.svg from a folder, and creates their routes. */
export function readAssets(folder: string): Assets {
  const read = (kind: Kind) => {
    const content = readFileSync(join(folder, `theapp.${kind}`), 'utf8');
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    return { content, hash, type: types[kind], address: `/assets/theapp-${hash}.${kind}` };
  };
  const files = { css: read('css'), svg: read('svg') };
  const options = { app: { service: 'operations' as const }, state: { parse: false } };
  return {
    addresses: { css: files.css.address, svg: files.svg.address },
    routes: [
      {
        method: 'GET',
        path: '/assets/{file}',
        options,
        handler({ params }, h) {
          const [, hash, kind] = /^theapp-([0-9a-f]{12})\.(css|svg)$/.exec(String(params.file)) ?? [];
          if (!kind) throw notFound();
          const found = files[kind as Kind];
          // During a rolling update, pages of the other release request their hash: serve this file, uncached.
          const keep = hash === found.hash ? immutableForAYear : 'no-cache';
          return h.response(found.content).type(found.type).header('cache-control', keep);
        },
      },
      {
        // Browsers request it with responses that are not pages; without this route it would match /{pokemon}.
        method: 'GET',
        path: '/favicon.ico',
        options,
        handler: (_request, h) =>
          h.response(files.svg.content).type(files.svg.type).header('cache-control', 'public, max-age=86400'),
      },
    ],
  };
}
