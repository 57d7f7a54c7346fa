import type { Page } from 'playwright-core';
import t from 'tap';
import { audit, openBrowser, startSite } from '../../../../testing/browser.ts';
import { startMariadb } from '../../../../testing/servers/mariadb.ts';
import { readConfig } from '../../config.ts';
import { migrate } from '../../schema/migrate.ts';
import { readMigrations } from '../../schema/migrations.ts';
import { currentRelease } from '../../version.ts';

t.setTimeout(300_000);
const [mariadb, browser] = await Promise.all([startMariadb(), openBrowser()]);
t.teardown(() => Promise.all([mariadb.stop(), browser.close()]));
await migrate(readConfig(mariadb.environment), readMigrations(currentRelease().folder));
const site = await startSite(browser, mariadb.environment);
t.teardown(() => site.stop());

/** Presses Tab until the element has the focus, like a user without a mouse. */
async function tabTo(page: Page, selector: string) {
  const target = page.locator(selector).first();
  for (let presses = 0; presses < 40; presses++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${selector} cannot be reached with the keyboard`);
}

const outline = (page: Page, selector: string) =>
  page.locator(selector).evaluate((element) => {
    const view = element.ownerDocument.defaultView;
    return view?.getComputedStyle(element).outlineStyle;
  });

t.test('adds a todo and marks it as done using only the keyboard', async (t) => {
  const page = await site.open(t, '/todos');
  await page.keyboard.press('Tab');
  t.equal(await page.locator(':focus').textContent(), 'Skip to content');
  t.ok(
    Number((await page.locator(':focus').boundingBox())?.y) >= 0,
    'the link is visible when it has the focus',
  );
  await page.keyboard.press('Enter');
  await tabTo(page, 'text=New todo');
  t.equal(await outline(page, 'a.main'), 'solid', 'the focus is visible');
  await page.keyboard.press('Enter');
  // Browsers set the focus after the page has loaded.
  await page.waitForSelector('#title:focus');
  await page.keyboard.type('Feed the cat');
  await page.keyboard.press('Tab');
  await page.keyboard.type('Twice a day');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const todo = page.locator('li:target', { hasText: 'Feed the cat' });
  t.match(await todo.textContent(), 'Twice a day');
  // The fragment points to the todo: its button is the next tab stop.
  await page.keyboard.press('Tab');
  t.equal(await page.locator(':focus').textContent(), 'Mark as done: Feed the cat');
  await page.keyboard.press('Enter');
  await page.waitForSelector('li:target button[value="false"]');
  t.match(await todo.textContent(), /Done\./);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('li:target button[value="true"]');
  t.notMatch(await todo.textContent(), /Done\./);
});

t.test('errors appear in the title and at the fields, are announced, and the input is kept', async (t) => {
  const page = await site.open(t, '/todos/new');
  await page.fill('#text', 'Two lines\n  of text');
  await page.click('text=Add the todo');
  await page.waitForSelector('.error');
  t.equal(await page.title(), 'Error: New todo · TheAPP');
  t.equal(await page.locator(':focus').getAttribute('id'), 'title');
  t.equal(await page.inputValue('#text'), 'Two lines\n  of text');
  const heard = page.getByRole('textbox', { name: 'Title', description: /^Error: Enter a title\./ });
  t.equal(await heard.count(), 1);
  await page.keyboard.type('Now with a title');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/todos#todo-*');
  t.equal(await page.locator('li .text').first().textContent(), 'Two lines\n  of text');
  await page.goBack();
  await page.goForward();
  await page.reload();
  t.equal(
    await page.locator('li', { hasText: 'Now with a title' }).count(),
    1,
    'a reload does not add a todo',
  );
});

t.test('works without JavaScript', async (t) => {
  const page = await site.open(t, '/todos/new', { javaScriptEnabled: false });
  await page.fill('#title', 'Plain');
  await page.fill('#text', 'HTML');
  await page.click('text=Add the todo');
  await page.click('text=Mark as done');
  t.match(await page.locator('li', { hasText: 'Plain' }).textContent(), /Done\./);
});

t.test('markup in a todo is not executed', async (t) => {
  const page = await site.open(t, '/todos/new');
  const evil = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
  await page.fill('#title', evil);
  await page.fill('#text', evil);
  await page.click('text=Add the todo');
  await page.waitForURL('**/todos#todo-*');
  t.equal(await page.locator('h2').first().textContent(), evil);
  t.equal(await page.title(), 'Todos · TheAPP');
});

t.test('a form on another site cannot add a todo', async (t) => {
  const page = await site.open(t, '/todos/new');
  const before = await site.get('/api/todos');
  const action = `${site.url}/todos`;
  // Same-site for cookies but another origin: the cookie is sent, the token is missing.
  await page.route('http://localhost:9/', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${action}"><input name="title" value="a"><input name="text" value="b"><button>Win</button></form>`,
    }),
  );
  await page.goto('http://localhost:9/');
  await page.click('text=Win');
  await page.waitForSelector('h1');
  t.equal(await page.locator('h1').textContent(), 'Form rejected');
  t.equal(await site.get('/api/todos'), before);
});

t.test('without MySQL the input is kept, and Enter sends it again once MySQL is back', async (t) => {
  const page = await site.open(t, '/todos/new', { viewport: { width: 360, height: 740 } });
  await mariadb.kill();
  await page.fill('#title', 'Patience');
  await page.fill('#text', 'It comes back');
  await page.click('text=Add the todo');
  await page.waitForSelector('[role=alert]');
  t.equal(await page.inputValue('#title'), 'Patience');
  t.equal(await page.locator(':focus').textContent(), 'Add the todo');
  t.strictSame((await audit(page)).violations, []);
  const list = await site.open(t, '/todos');
  t.equal(await list.locator('h1').textContent(), 'Temporarily unavailable');
  t.strictSame((await audit(list)).violations, []);
  await mariadb.start();
  const [end, added] = [Date.now() + 60_000, /\/todos#todo-\d+$/];
  while (!added.test(page.url()) && Date.now() < end)
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  t.match(page.url(), added);
  t.equal(await page.locator('li', { hasText: 'It comes back' }).count(), 1);
});
