import type { Plugin } from '@hapi/hapi';

/** Something TheAPP cannot serve without: answers what is missing in words fit for anybody, or nothing. */
export type Check = () => Promise<string | undefined>;

/**
 * `/livez`: the process runs, no dependency asked. `/readyz`: requests can be served now; 503 with what is
 * missing otherwise. `/healthz`: the answer that monitors of old expect.
 */
export const health: Plugin<{ checks: Check[] }> = {
  name: 'health',
  register(server, { checks }) {
    let before = '';
    const missing = async () => {
      if (server.app.draining) return ['draining: the process is about to stop'];
      return (await Promise.all(checks.map((check) => check()))).filter((words) => words !== undefined);
    };
    const tellChange = (now: string) => {
      if (now !== before) server.logger[now === 'ready' ? 'info' : 'warn'](now);
      before = now;
    };
    server.route([
      { method: 'GET', path: '/livez', handler: () => ({ status: 'alive' }) },
      { method: 'GET', path: '/healthz', handler: () => ({ status: 'Up and running!' }) },
      {
        method: 'GET',
        path: '/readyz',
        async handler(_request, h) {
          const gaps = await missing();
          tellChange(gaps.join('; ') || 'ready');
          if (gaps.length === 0) return { status: 'ready' };
          return h
            .response({ status: server.app.draining ? 'draining' : 'not ready', missing: gaps })
            .code(503);
        },
      },
    ]);
  },
};
