import { forbidden } from '@hapi/boom';
import { plugin as crumb } from '@hapi/crumb';
import type { Lifecycle, Plugin, RouteExtObject, Server } from '@hapi/hapi';
import { isHttps } from './https.ts';

type Hooks = Record<'onPostAuth' | 'onPreResponse', RouteExtObject[]>;

declare module '@hapi/hapi' {
  interface ServerApplicationState {
    /** What routes with a form take as their `ext`. Hooks of the server would run for every request. */
    formHooks?: Hooks;
  }
}

/**
 * Forms are taken from TheAPP's own pages only. The token of the cookie must come back in the form (crumb, on
 * the routes that say `form`): a page elsewhere can send the cookie, but cannot read it. Who holds a host name
 * beside this one could plant a cookie, so what the browser says of the sender counts as well.
 */
export const csrf: Plugin<undefined> = {
  name: 'csrf',
  async register(server) {
    const hooks: Hooks = { onPostAuth: [{ method: rejectCrossSite }], onPreResponse: [] };
    await crumb.register(captureHooks(hooks, server), {
      key: 'crumb',
      // Only pages with a form make a token; every other answer would carry a cookie.
      autoGenerate: false,
      addToViewContext: true,
      cookieOptions: {
        path: '/',
        isHttpOnly: true,
        isSameSite: 'Lax',
        isSecure: false,
        // A cookie that is not well formed is as good as none.
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
  // Of several cookies of the name, crumb compares the first: the page shall have that one too.
  if (Array.isArray(state.crumb)) state.crumb = state.crumb[0];
  return h.continue;
};

/** The server as crumb sees it: what it hooks into the server is kept for routes. */
function captureHooks(hooks: Hooks, server: Server): Server {
  const ext = (on: keyof Hooks, method: Lifecycle.Method) => hooks[on].push({ method });
  return Object.create(server, { ext: { value: ext } });
}
