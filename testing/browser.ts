import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Test } from 'tap';
import { readConfig } from '../app/src/config.ts';
import { createLog } from '../app/src/log.ts';
import { createServer } from '../app/src/server.ts';
import { currentRelease } from '../app/src/version.ts';
import { locate } from './servers/process.ts';

/** Starts a headless Chromium, from Debian's package or the PATH. The caller closes it. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: locate('chromium', 'chromium'),
    // The sandbox does not work as root, and containers have little shared memory.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });

/** TheAPP on its own loopback port, for real browsers. */
export interface Site {
  url: string;
  /** Opens a page in its own browser context until the test ends. Messages on its console fail the test. */
  open(t: Test, path: string, options?: BrowserContextOptions): Promise<Page>;
  /** The body that a program gets. */
  get(path: string): Promise<string>;
  stop(): Promise<void>;
}

/** `environment` belongs to a MySQL with the schema applied. */
export async function startSite(browser: Browser, environment: Record<string, string>): Promise<Site> {
  const unreachable = { REDIS_PORT: '1', MEMCACHED_SERVERS: '127.0.0.1:1' };
  const config = readConfig({ ...environment, ...unreachable, PORT: '0', DRAIN_SECONDS: '0' });
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
        // Some tests cause error responses on purpose.
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

/** Audits a page: accessibility violations, the rules that were checked, and by how many pixels the page is too wide. */
export async function audit(page: Page, rules?: string[]) {
  // Injected through the debugger: the page's Content-Security-Policy allows no scripts.
  await page.evaluate(axe.source);
  const options = JSON.stringify(rules ? { runOnly: rules } : {});
  const result = (await page.evaluate(`axe.run(${options})`)) as axe.AxeResults;
  const violations = result.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(' ')}`,
  );
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  return { violations, checked: result.passes.map(({ id }) => id), overflow: await page.evaluate(overflow) };
}
