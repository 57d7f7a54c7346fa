import { forbidden } from '@hapi/boom';
import { plugin as crumb } from '@hapi/crumb';
import type { Lifecycle, Plugin, RouteExtObject, Server } from '@hapi/hapi';
import { isHttps } from './https.ts';

type Hooks = Record<'onPostAuth' | 'onPreResponse', RouteExtObject[]>;

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    /** The `ext` of routes with a form. Hooks on the server would run for every request. */
    formHooks?: Hooks;
  }
}

/**
 * CSRF protection: accepts forms from TheAPP's own pages only. The form must contain the token of the cookie (crumb, on
 * routes with `form`): a page of another site can send the cookie but cannot read it. The owner of a sibling host name
 * could set the cookie, so `Sec-Fetch-Site` is checked as well.
 */
export const csrf: Plugin<undefined> = {
  name: 'csrf',
  async register(server) {
    const hooks: Hooks = { onPostAuth: [{ method: rejectCrossSite }], onPreResponse: [] };
    await crumb.register(captureHooks(hooks, server), {
      key: 'crumb',
      // Only pages with a form create a token; otherwise every response would set a cookie.
      autoGenerate: false,
      addToViewContext: true,
      cookieOptions: {
        path: '/',
        isHttpOnly: true,
        isSameSite: 'Lax',
        isSecure: false,
        // Ignore a malformed cookie.
        ignoreErrors: true,
        contextualize: (definition, request) => {
          definition.isSecure = isHttps(request);
        },
      },
    });
    server.app.formHooks = hooks;
  },
};

const rejectCrossSite: Lifecycle.Method = ({ method, headers, state }, h) => {
  const from = headers['sec-fetch-site'];
  if (method === 'post' && (from === 'cross-site' || from === 'same-site')) throw forbidden();
  // If there are several cookies of that name, crumb checks the first one: put the same one into the page.
  if (Array.isArray(state.crumb)) state.crumb = state.crumb[0];
  return h.continue;
};

/** A view of the server for crumb that collects its hooks for routes instead of adding them to the server. */
function captureHooks(hooks: Hooks, server: Server): Server {
  const ext = (on: keyof Hooks, method: Lifecycle.Method) => hooks[on].push({ method });
  return Object.create(server, { ext: { value: ext } });
}
