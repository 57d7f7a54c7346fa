/** Selects the exit code of a failure. A run also exits 0 (converged) and 2 (`--check` found differences). */
export type Kind = 'failed' | 'input' | 'unreachable';

export const exitCodes: Record<Kind, number> = { failed: 1, input: 3, unreachable: 4 };

export interface Parts {
  /** Where: `file:line:column`, `host`, or `host: role: resource`. */
  place?: string;
  /** What failed, in one line. */
  what: string;
  /** Why, if known: what was expected and what was found. */
  why?: string;
  /** Output of the host or of a program; the last lines are shown, indented. */
  said?: string;
  /** What to do next, or the command that helps. */
  todo?: string;
}

/** The engine's only error class. Its parts always print in the same order: place, what, why, output, what to do. */
export class ProvisionError extends Error {
  readonly kind: Kind;
  readonly parts: Parts;

  constructor(kind: Kind, parts: Parts, options?: { cause?: unknown }) {
    super(messageOf(parts), options);
    this.name = 'ProvisionError';
    this.kind = kind;
    this.parts = parts;
  }
}

/** A question, such as "did you mean", is followed by the cause in parentheses. */
function messageOf({ place, what, why }: Parts): string {
  const problem = why && what.endsWith('?') ? `${what} (${why})` : [what, why].filter(Boolean).join(': ');
  return [place, problem].filter(Boolean).join(': ');
}

export const inputError = (parts: Parts, cause?: unknown) => new ProvisionError('input', parts, { cause });
export const failure = (parts: Parts, cause?: unknown) => new ProvisionError('failed', parts, { cause });
export const unreachable = (parts: Parts, cause?: unknown) =>
  new ProvisionError('unreachable', parts, { cause });

/** An error as a user sees it: one line, then the host's output, then what to do. */
export function explain(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(explain).join('\n');
  if (!(error instanceof ProvisionError)) return error instanceof Error ? error.message : String(error);
  const { said, todo } = error.parts;
  const output = said?.trim().split('\n').slice(-12) ?? [];
  return [error.message, ...output.map((line) => `    ${line}`), ...(todo ? [`  → ${todo}`] : [])].join('\n');
}

/** `; did you mean "x"?` if a known word is close enough to what was written, otherwise an empty string. */
export function didYouMean(written: string, known: Iterable<string>): string {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(written.length / 3)) + 1;
  for (const word of known) {
    const distance = editDistance(written.toLowerCase(), word.toLowerCase());
    if (distance < least) [best, least] = [word, distance];
  }
  return best === undefined ? '' : `; did you mean "${best}"?`;
}

/** The Levenshtein distance, computed one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
