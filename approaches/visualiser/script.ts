/** Seconds after which a page is updated. */
export const SECONDS = 5;

/**
 * Runs in the browser: replaces the content of the page. If the page cannot be reached, or an answer has no `main`
 * because another program has sent it, it says since when the content is out of date.
 */
export const script = `
const [main, lost] = [document.querySelector('main'), document.querySelector('#lost')];
let last = new Date();
async function update() {
  try {
    const response = await fetch('/', { signal: AbortSignal.timeout(20000) });
    const page = new DOMParser().parseFromString(await response.text(), 'text/html');
    main.replaceChildren(...page.querySelector('main').childNodes);
    last = new Date();
    lost.hidden = true;
  } catch {
    const words = 'This page has not been updated since ' + last.toLocaleTimeString() + '. It tries again every ${SECONDS} s.';
    if (lost.textContent !== words) lost.textContent = words;
    lost.hidden = false;
  }
  setTimeout(update, ${SECONDS * 1000});
}
setTimeout(update, ${SECONDS * 1000});
`;
