import type { Page } from 'playwright-core';
import t from 'tap';
import { audit, openBrowser, startSite } from '../../../testing/browser.ts';
import { runAsRoot, startMariadb } from '../../../testing/servers/mariadb.ts';
import { readConfig } from '../config.ts';
import { migrate } from '../schema/migrate.ts';
import { readMigrations } from '../schema/migrations.ts';
import { currentRelease } from '../version.ts';

t.setTimeout(300_000);
const [mariadb, browser] = await Promise.all([startMariadb(), openBrowser()]);
t.teardown(() => Promise.all([mariadb.stop(), browser.close()]));
await migrate(readConfig(mariadb.environment), readMigrations(currentRelease().folder));
const site = await startSite(browser, mariadb.environment);
t.teardown(() => site.stop());
await runAsRoot(
  mariadb,
  `USE theapp; INSERT INTO todos (title, text, done, created_at)
     SELECT CONCAT('Todo ', seq), 'Text', seq % 2, NOW(3) FROM seq_1_to_25`,
);

const everyPage: [path: string, shows: string, act?: (page: Page) => Promise<void>][] = [
  ['/', 'h1:text("TheAPP")'],
  ['/todos', 'a:text("Older todos")'],
  ['/todos?before=22', 'a:text("Newest todos")'],
  ['/todos?before=1', 'p:text("No older todos")'],
  ['/todos/new', 'h1:text("New todo")'],
  ['/todos/new', 'p.error:text("Enter a title.")', (page) => page.click('text=Add the todo')],
  ['/docs', 'pre', (page) => page.locator('summary').first().click()],
  ['/todos?before=x', 'h1:text("Invalid request")'],
  ['/todos/new', 'h1:text("Form rejected")', sendWithoutToken],
  ['/no/such/page', 'h1:text("Page not found")'],
];

async function sendWithoutToken(page: Page) {
  await page.context().clearCookies();
  await page.click('text=Add the todo');
}

const background = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor');

t.test('every page is accessible in light and dark mode and fits a phone', async (t) => {
  const page = await site.open(t, '/', { viewport: { width: 360, height: 740 } });
  for (const [path, shows, act] of everyPage) {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(path);
    await act?.(page);
    await page.waitForSelector(shows);
    const light = await audit(page);
    t.strictSame([light.violations, light.overflow], [[], 0], shows);
    t.ok(light.checked.length > 20, `${light.checked.length} rules checked on ${shows}`);
    t.equal(await background(page), 'rgb(255, 255, 255)');
    await page.emulateMedia({ colorScheme: 'dark' });
    t.equal(await background(page), 'rgb(20, 23, 26)');
    const dark = await audit(page, ['color-contrast']);
    t.strictSame([dark.violations, dark.checked], [[], ['color-contrast']], `${shows} in dark mode`);
  }
});

t.test('accessibility problems are detected', async (t) => {
  const page = await site.open(t, '/todos/new', { viewport: { width: 360, height: 740 } });
  await page.evaluate(`document.querySelector('label').remove();
    document.querySelector('h1').style.color = '#eee';
    document.querySelector('form').style.width = '400px'`);
  const { violations, overflow } = await audit(page);
  t.match(violations.join(), /\bcolor-contrast: h1\b/);
  t.match(violations.join(), /\blabel: #title\b/);
  t.ok(Number(overflow) > 0);
});

t.test('long words wrap, and reduced motion is respected', async (t) => {
  const page = await site.open(t, '/todos/new', {
    viewport: { width: 360, height: 740 },
    reducedMotion: 'reduce',
  });
  await page.fill('#title', 'w'.repeat(200));
  await page.fill('#text', 'W'.repeat(2000));
  await page.click('text=Add the todo');
  await page.waitForURL('**/todos#todo-*');
  t.equal((await audit(page, ['color-contrast'])).overflow, 0);
  const scrolling = () => page.evaluate('getComputedStyle(document.documentElement).scrollBehavior');
  t.equal(await scrolling(), 'auto');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  t.equal(await scrolling(), 'smooth');
});
