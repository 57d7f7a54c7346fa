import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { readConfig } from '../app/src/config.ts';
import { createLog } from '../app/src/log.ts';
import { createServer } from '../app/src/server.ts';
import { currentRelease } from '../app/src/version.ts';
import { locate } from './servers/process.ts';

/** A real Chromium without a window, from Debian's package or whatever is in the PATH. The caller closes it. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: locate('chromium', 'chromium'),
    // Its sandbox needs a user who is not root, its shared memory more than containers have.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });

/** TheAPP on a loopback port of its own, as real browsers see it. */
export interface Site {
  url: string;
  /** A page in a window of its own until the test ends; what it complains about fails the test. */
  open(t: Test, path: string, options?: BrowserContextOptions): Promise<Page>;
  /** What TheAPP answers to a program. */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

/** `environment` is that of a MySQL which has its schema. */
export async function startSite(browser: Browser, environment: Record<string, string>): Promise<Site> {
  const nothing = { REDIS_PORT: '1', MEMCACHED_SERVERS: '127.0.0.1:1' };
  const config = readConfig({ ...environment, ...nothing, PORT: '0', DRAIN_SECONDS: '0' });
  const server = await createServer(config, currentRelease(), createLog('silent', 'test'));
  await server.start();
  const url = server.info.uri;
  return {
    url,
    async open(t, path, options = {}) {
      const context = await browser.newContext({ baseURL: url, ...options });
      t.teardown(() => context.close());
      const page = await context.newPage();
      page.on('console', (message) => {
        // An answer with an error status is what some tests ask for.
        if (!/the server responded with a status of/.test(message.text())) t.fail(message.text());
      });
      page.on('pageerror', (error) => t.fail(error.message));
      await page.goto(path);
      return page;
    },
    get: async (path) => (await server.inject(path)).payload,
    stop: () => server.stop(),
  };
}

/** What is not accessible and where, the rules that were looked at, and by how much the page is too wide. */
export async function look(page: Page, rules?: string[]) {
  // By the debugger's door: the page's own policy runs no scripts.
  await page.evaluate(axe.source);
  const options = JSON.stringify(rules ? { runOnly: rules } : {});
  const { violations, passes } = (await page.evaluate(`axe.run(${options})`)) as axe.AxeResults;
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(' ')}`);
  const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  return { found, checked: passes.map(({ id }) => id), wide: await page.evaluate(wide) };
}
