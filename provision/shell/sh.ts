import { isSecret, reveal, type Secret } from './secret.ts';

/** A piece of POSIX shell. Only `sh` creates one, so every value in it is quoted. */
export interface Script {
  readonly text: string;
  /** The secrets in the text. Anything that prints output of this script redacts them. */
  readonly secrets: readonly string[];
}

export type Value = string | number | Secret | Script | readonly (string | number | Secret | Script)[];

const scripts = new WeakSet<object>();

/**
 * The only way to pass a value to the shell. A string, number or secret becomes one quoted word, a list becomes
 * several words, and a script is inserted unchanged.
 *
 * @throws TypeError for a value of another type, for a NUL byte, and for a value inside quotes (`"${x}"`), where the
 * added quotes would become part of the word.
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

/** Joins scripts, each on its own lines. */
export function lines(list: readonly Script[]): Script {
  return script(
    list.map(({ text }) => text).join('\n'),
    new Set(list.flatMap(({ secrets }) => [...secrets])),
  );
}

export function isScript(value: unknown): value is Script {
  return typeof value === 'object' && value !== null && scripts.has(value);
}

/** Quotes a value as one word of POSIX shell (XCU 2.2.2, single quotes). */
export function quote(value: string): string {
  if (value.includes('\0')) throw new TypeError('a shell word cannot contain a NUL byte');
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
    `sh\`…\` accepts strings, numbers, secrets, scripts and lists of them, not ${typeof value}`,
  );
}

/** Scans the literal text like a shell; `$(` inside double quotes starts a new context. */
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
    throw new TypeError(`a value is inside ${inside} quotes: remove them, because sh\`…\` adds its own`);
  }
}
