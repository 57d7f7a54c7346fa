import { createHash } from 'node:crypto';
import { SECONDS, script } from './script.ts';

const style = `
:root { color-scheme: light dark; --page: #fff; --text: #161a22; --line: #c6cede; --box: #f3f6fb; --good: #1a7f42; --bad: #b3261e; --dim: #5b667c }
@media (prefers-color-scheme: dark) { :root { --page: #12151c; --text: #e8ebf2; --line: #3a4358; --box: #1d2331; --good: #5dd28b; --bad: #ff8f86; --dim: #a3aec4 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; background: var(--page); color: var(--text) }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 0 0 .3rem } h3 { font-size: .9rem; margin: .8rem 0 -.3rem }
.nodes { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem }
.nodes section { background: var(--box); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem }
ul { list-style: none; margin: .6rem 0 0; padding: 0 }
li { border-top: 1px solid var(--line); padding: .35rem 0; overflow-wrap: anywhere }
small { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; margin: 0 0 1.2rem } td, th { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0 }
@media (max-width: 48rem) { thead { display: none } tr { display: block; border-top: 1px solid var(--line) } td { display: inline-block; padding: 0 .8rem 0 0; overflow-wrap: anywhere } }
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The browser may only display the page, and request it again. */
export const policy = [
  "default-src 'none'",
  `style-src ${hash(style)}`,
  `script-src ${hash(script)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Escapes text for HTML. All names on a page are escaped, because they are chosen by whoever starts a service. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Words in green if something is as it should be, otherwise in red. */
export const verdict = (good: boolean, words: string): string =>
  `<span class="${good ? 'good' : 'bad'}">${escaped(words)}</span>`;

/** A table of cells that are HTML. Its label is for screen readers. */
export const tableOf = (
  label: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string => `<table aria-label="${escaped(label)}">
<thead><tr>${heads.map((head) => `<th scope="col">${escaped(head)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;

/** How long something has lasted: `40 s`, `3 min` or `7 h`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** A page that updates itself: by its script, or by a reload in a browser that runs none. */
export const documentOf = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="${SECONDS}"></noscript><title>${escaped(title)}</title><style>${style}</style></head>
<body><header><h1>${escaped(title)}</h1><p id="lost" class="bad" role="status" hidden></p></header><main>${body}</main><script>${script}</script></body></html>
`;
