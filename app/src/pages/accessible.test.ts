import type { Page } from 'playwright-core';
import t from 'tap';
import { look, openBrowser, startSite } from '../../../testing/browser.ts';
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
  ['/todos/new', 'p.wrong:text("Enter a title.")', (page) => page.click('text=Add the todo')],
  ['/docs', 'pre', (page) => page.locator('summary').first().click()],
  ['/todos?before=x', 'h1:text("Not understood")'],
  ['/todos/new', 'h1:text("Not accepted")', sendWithoutToken],
  ['/no/such/page', 'h1:text("Not found")'],
];

async function sendWithoutToken(page: Page) {
  await page.context().clearCookies();
  await page.click('text=Add the todo');
}

const background = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor');

t.test('every page is accessible, by day and by night, and fits a phone', async (t) => {
  const page = await site.open(t, '/', { viewport: { width: 360, height: 740 } });
  for (const [path, shows, act] of everyPage) {
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(path);
    await act?.(page);
    await page.waitForSelector(shows);
    const day = await look(page);
    t.strictSame([day.found, day.wide], [[], 0], shows);
    t.ok(day.checked.length > 20, `${day.checked.length} rules looked at ${shows}`);
    t.equal(await background(page), 'rgb(255, 255, 255)');
    await page.emulateMedia({ colorScheme: 'dark' });
    t.equal(await background(page), 'rgb(20, 23, 26)');
    const night = await look(page, ['color-contrast']);
    t.strictSame([night.found, night.checked], [[], ['color-contrast']], `${shows} at night`);
  }
});

t.test('what is not accessible is found', async (t) => {
  const page = await site.open(t, '/todos/new', { viewport: { width: 360, height: 740 } });
  await page.evaluate(`document.querySelector('label').remove();
    document.querySelector('h1').style.color = '#eee';
    document.querySelector('form').style.width = '400px'`);
  const { found, wide } = await look(page);
  t.match(found.join(), /\bcolor-contrast: h1\b/);
  t.match(found.join(), /\blabel: #title\b/);
  t.ok(Number(wide) > 0);
});

t.test('the longest word there is wraps, and what moves stands still for who asks', async (t) => {
  const page = await site.open(t, '/todos/new', {
    viewport: { width: 360, height: 740 },
    reducedMotion: 'reduce',
  });
  await page.fill('#title', 'w'.repeat(200));
  await page.fill('#text', 'W'.repeat(2000));
  await page.click('text=Add the todo');
  await page.waitForURL('**/todos#todo-*');
  t.equal((await look(page, ['color-contrast'])).wide, 0);
  const scrolling = () => page.evaluate('getComputedStyle(document.documentElement).scrollBehavior');
  t.equal(await scrolling(), 'auto');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  t.equal(await scrolling(), 'smooth');
});
