import { type Browser, chromium } from 'playwright-core';
import { locate } from './servers/process.ts';

/** A real Chromium without a window, from Debian's package or whatever is in the PATH. The caller closes it. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: locate('chromium', 'chromium'),
    // Its sandbox needs a user who is not root, its shared memory more than containers have.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });
