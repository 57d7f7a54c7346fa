import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { openBrowser } from '../../testing/browser.ts';
import { writeRecording } from './recording.ts';
import { svgOf } from './svg.ts';

t.setTimeout(180_000);
const browser = await openBrowser();
t.teardown(() => browser.close());

/** A recording of two scenes, an hour long, so that the player only gets anywhere by seeking. */
const recording = {
  about: { COMMIT: '1234567', THEAPP: '0.1.0-1234567' },
  moments: [
    { delay: 1, text: '\r\n\x1b[1m# 1. One <b>\x1b[0m\r\n' },
    { delay: 0.5, text: '\x1b[32m$\x1b[0m first & </script>\r\n' },
    { delay: 1800, text: '\r\n\x1b[1m# 2. Two\x1b[0m\r\n' },
    { delay: 0.5, text: '\r\x1b[Kwritten over\r\x1b[Kthe second\r\n' },
    { delay: 1800, text: 'vm : ok=1 changed=0\r\n' },
  ],
};

t.test('the page plays, seeks and searches without a network', async (t) => {
  const folder = t.testdir({
    approach_0: { 'scenes.yml': '{ title: T & T, scenes: [{ title: One, steps: [{ say: x }] }] }' },
  });
  writeRecording(`${folder}/approach_0`, recording);
  const words = [resolve(import.meta.dirname, '../demo.ts'), 'html', './approach_0', '--out', 'page.html'];
  t.equal((await execa(process.execPath, words, { cwd: folder })).stdout, 'page.html');

  const page = await browser.newPage();
  t.teardown(() => page.close());
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', ({ message }) => t.fail(message));
  page.on('console', (message) => t.fail(message.text()));
  const url = pathToFileURL(`${folder}/page.html`).href;
  await page.goto(url);
  t.equal(await page.locator('h1').textContent(), 'T & T');
  t.strictSame(await page.locator('#chapters li').allTextContents(), ['0:011. One <b>', '30:012. Two']);

  /** Evaluated through the debugger, because the page's security policy forbids eval. */
  const until = async (expression: string) => {
    while (!(await page.evaluate(expression))) await sleep(100);
  };
  const shows = (words: string) =>
    until(`document.querySelector('.ap-term').innerText.includes(${JSON.stringify(words)})`);
  await page.locator('.ap-overlay-start').click();
  await shows('first & </script>');
  t.pass('it plays');
  const now = () => page.evaluate('player.getCurrentTime()') as Promise<number>;
  await page.getByRole('button', { name: '2. Two' }).click();
  await shows('the second');
  t.ok((await now()) >= 1801, 'a chapter seeks to its moment');
  await page.locator('#chapters li:nth-child(2) [aria-current]').waitFor();

  await page.getByLabel('Search').fill('SECOND');
  t.strictSame(
    await page.locator('#found li').allTextContents(),
    ['30:02the second'],
    'in lines that were not overwritten',
  );
  t.equal(await page.locator('#count').textContent(), '1 line');
  await page.getByLabel('Search').fill('written over');
  t.equal(await page.locator('#count').textContent(), '0 lines');
  await page.getByLabel('Search').fill('first');
  await page.locator('#found button').click();
  await until('player.getCurrentTime() < 60');
  t.pass('a search result seeks to its moment');
  await page.getByLabel('Speed').selectOption('10');
  await until('player.getCurrentTime() > 15');
  t.pass('the speed changes');
  t.strictSame(
    asked.filter((one) => !one.startsWith('data:') && !one.startsWith('blob:')),
    [url],
    'no request goes elsewhere',
  );
});

t.test('the picture is animated unless the viewer prefers reduced motion', async (t) => {
  const folder = t.testdir({});
  writeFileSync(`${folder}/demo.svg`, await svgOf(recording, 'T & T'));
  for (const [reducedMotion, moves] of [
    ['no-preference', true],
    ['reduce', false],
  ] as const) {
    const context = await browser.newContext({ reducedMotion });
    t.teardown(() => context.close());
    const page = await context.newPage();
    await page.goto(pathToFileURL(`${folder}/demo.svg`).href);
    t.equal(await page.evaluate('document.getAnimations().length > 0'), moves, reducedMotion);
    if (moves) continue;
    const seen = await page.evaluate(`[...document.querySelectorAll('use')].filter((use) => {
      const { top, bottom } = use.getBoundingClientRect();
      return top > 0 && bottom < innerHeight;
    }).map((use) => document.querySelector(use.getAttribute('href')).textContent)`);
    t.match(seen, ['# 1. One <b>', '$ first & </script>', '# 2. Two', 'the second', 'vm : ok=1 changed=0']);
  }
});
