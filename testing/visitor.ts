import type { Answer, TheApp } from './theapp.ts';

/** A minimal browser that keeps cookies and submits forms with the CSRF token of their page. */
export interface Visitor {
  open(url: string): Promise<Answer>;
  /** Submits the form of the page `from` with its hidden fields, overridden by `fields`. */
  send(from: string, action: string, fields: Record<string, string>, headers?: object): Promise<Answer>;
  cookies: Map<string, string>;
}

const html = 'text/html,application/xhtml+xml,*/*;q=0.8';

export function visit(app: TheApp, headers: Record<string, string> = {}): Visitor {
  const cookies = new Map<string, string>();
  const ask = async (method: string, url: string, more: { body?: string; headers?: object }) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = { accept: html, ...(cookie ? { cookie } : {}), ...headers, ...more.headers };
    const answer = await app.ask(method, url, { ...more, headers: sent });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^(\w+)=([^;]*)/.exec(String(line)) ?? [];
      cookies.set(name, value);
    }
    return answer;
  };
  return {
    cookies,
    open: (url) => ask('GET', url, {}),
    async send(from, action, fields, more = {}) {
      const hidden = hiddenFields(String((await ask('GET', from, {})).body), action);
      const body = new URLSearchParams({ ...hidden, ...fields }).toString();
      return ask('POST', action, {
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...more },
      });
    },
  };
}

/** The hidden fields of the form with that action on a page. */
export function hiddenFields(page: string, action: string): Record<string, string> {
  const [, form = ''] = page.split(`action="${action}"`);
  const fields = form.split('</form>')[0]?.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  return Object.fromEntries([...(fields ?? [])].map(([, name, value]) => [name, value]));
}
