import { isSecret, reveal, type Secret } from './secret.ts';

/** A piece of POSIX shell. Only `sh` makes one, so every value in it has been quoted. */
export interface Script {
  readonly text: string;
  /** The secrets that stand in the text: whoever prints output of this script masks them. */
  readonly secrets: readonly string[];
}

export type Value = string | number | Secret | Script | readonly (string | number | Secret | Script)[];

const scripts = new WeakSet<object>();

/**
 * The only way for a value to reach the shell. A string, number or secret becomes one quoted word, a list becomes
 * many words, a script is spliced as it is.
 *
 * @throws TypeError for a value of another type, for NUL, and for a value inside quotes (`"${x}"`), where its own
 * quotes would end up in the word.
 */
export function sh(parts: TemplateStringsArray, ...values: Value[]): Script {
  const secrets = new Set<string>();
  let text = '';
  for (const [i, part] of parts.raw.entries()) {
    text += part;
    if (i === values.length) break;
    const value = values[i] as Value;
    if (!isScript(value)) refuseInsideQuotes(parts.raw.slice(0, i + 1));
    text += word(value, secrets);
  }
  return script(text, secrets);
}

/** Many scripts, one after the other, each on its own lines. */
export function lines(list: readonly Script[]): Script {
  return script(
    list.map(({ text }) => text).join('\n'),
    new Set(list.flatMap(({ secrets }) => [...secrets])),
  );
}

export function isScript(value: unknown): value is Script {
  return typeof value === 'object' && value !== null && scripts.has(value);
}

/** One word of POSIX shell (XCU 2.2.2, single quotes). */
export function quote(value: string): string {
  if (value.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  return /^[\w./:@%+,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

function script(text: string, secrets: Set<string>): Script {
  const made = Object.freeze({ text, secrets: Object.freeze([...secrets]) });
  scripts.add(made);
  return made;
}

function word(value: Value, secrets: Set<string>): string {
  if (Array.isArray(value)) return value.map((item) => word(item, secrets)).join(' ');
  if (isScript(value)) {
    for (const hidden of value.secrets) secrets.add(hidden);
    return value.text;
  }
  if (isSecret(value)) {
    secrets.add(reveal(value));
    return quote(reveal(value));
  }
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new TypeError(
    `sh\`…\` takes strings, numbers, secrets, scripts and lists of them, not ${typeof value}`,
  );
}

/** Walks the literal text as a shell would; a `$(` inside double quotes starts afresh. */
function refuseInsideQuotes(literals: readonly string[]): void {
  const open: string[] = [];
  const text = literals.join('x');
  for (let i = 0; i < text.length; i++) {
    const inside = open.at(-1);
    const char = text[i];
    if (inside === "'") {
      if (char === "'") open.pop();
    } else if (char === '\\') i++;
    else if (text.startsWith('$(', i)) {
      open.push('(');
      i++;
    } else if (char === '"') inside === '"' ? open.pop() : open.push('"');
    else if (inside === '"') continue;
    else if (char === "'") open.push("'");
    else if (char === ')' && inside === '(') open.pop();
    else if (char === '#' && /(^|\s)$/.test(text.slice(0, i)))
      i = (text.indexOf('\n', i) + 1 || text.length + 1) - 2;
  }
  const inside = open.at(-1);
  if (inside === "'" || inside === '"') {
    throw new TypeError(`a value stands inside ${inside} quotes: leave them out, sh\`…\` quotes by itself`);
  }
}
