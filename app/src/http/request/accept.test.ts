import t from 'tap';
import { prefersHtml } from './accept.ts';

t.test('clients that prefer HTML', async (t) => {
  const cases: [accept: string, page: boolean][] = [
    ['*/*', false],
    ['', false],
    ['text/plain', false],
    ['text/html', true],
    ['TEXT/HTML', true],
    ['text/html;charset=utf-8', true],
    // Firefox, Chromium, and pages fetched by a script.
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8,v=b3;q=0.7', true],
    ['text/html, */*; q=0.01', true],
    ['text/html, */*', true],
    ['text/*', false],
    ['text/html, text/plain', false],
    ['text/html;q=0.5, text/plain', false],
    ['text/html, text/plain;q=0.9', true],
    ['text/html;q=0', false],
    ['text/html;q=0, */*', false],
    ['text/plain;q=0, text/*', true],
    ['application/json', false],
    ['text/html;q=nonsense', false],
    [',;,q=1,', false],
  ];
  for (const [accept, page] of cases) t.equal(prefersHtml(accept), page, accept);
});
