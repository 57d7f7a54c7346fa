import type { Reply, Request, Seen, Step } from './exchange.ts';

/** Time limit for all probes of one exchange together, in seconds. */
export const PROBE_SECONDS = 120;
/** Seconds between SIGTERM and SIGKILL for a script that exceeds its time limit. */
const GRACE = 10;

/**
 * One exchange as a script for a persistent `sh`. The script is wrapped in `{ …; }`, so a shell whose connection is
 * lost half-way through the text runs none of it. Each step runs in its own shell and in a process group that
 * `timeout` (coreutils) can kill; its text is passed in a here-document, never in argv. Output is collected in files
 * in the session's folder `$T/x` and sent at the end, framed by `token`, with exit codes and byte counts.
 */
export function compose(request: Request, token: string): string {
  const { enter, steps, probes } = request;
  return [
    '{',
    'cd "$T/x" || exit 1',
    'k=0 r=',
    ...(enter ? [`{ ${enter.text}\n} >e.o 2>e.e </dev/null; k=$?; r=$k`] : []),
    ...steps.map((step, i) => run(step, `s${digits(i)}`, token)),
    ...(probes.length > 0 ? [probeBlock(request, token)] : []),
    `printf '\\n%s %s\\n' ${token} "$r"`,
    `wc -c -- *; printf '%s\\n' ${token}; cat -- *; printf '%s.\\n' ${token}`,
    'cd /; rm -rf -- "$T"/x/*',
    '} </dev/null',
    '',
  ].join('\n');
}

/** Milliseconds after which a host that has not replied is considered unreachable. */
export function deadlineOf({ steps }: Request): number {
  return 1000 * steps.reduce((sum, { timeout }) => sum + timeout + GRACE + 5, PROBE_SECONDS + GRACE + 20);
}

function run({ script, timeout }: Step, name: string, token: string): string {
  return [
    'if [ $k = 0 ]; then',
    `timeout -k ${GRACE} ${timeout} sh /dev/fd/3 3<<'${token}' >${name}.o 2>${name}.e 8>&-`,
    'set -e',
    script.text,
    token,
    'k=$?; r="$r $k"; fi',
  ].join('\n');
}

/** All probes run in one shell, each in its own subshell, so that no probe can affect the next one. */
function probeBlock({ probes }: Request, token: string): string {
  const each = probes.map(
    ({ text }, i) => `( set -e\n${text}\n) >p${digits(i)}.o 2>p${digits(i)}.e; r="$r $?"`,
  );
  return [
    'if [ $k = 0 ]; then',
    `timeout -k ${GRACE} ${PROBE_SECONDS} sh /dev/fd/3 3<<'${token}' >z.o 2>z.e 8>&-`,
    'r=',
    ...each,
    'printf %s "$r"',
    token,
    'z=$?; r="$r$(cat z.o) z$z"; fi',
  ].join('\n');
}

/** Parses the reply to `request`; undefined while it is incomplete. Anything before the frame is ignored. */
export function parse(bytes: Buffer, request: Request, token: string): Reply | undefined {
  const start = bytes.indexOf(`\n${token} `);
  if (start < 0) return undefined;
  const table = bytes.indexOf('\n', start + 1) + 1;
  const body = bytes.indexOf(`\n${token}\n`, Math.max(table - 1, 0));
  if (table === 0 || body < 0) return undefined;
  const codes = bytes
    .toString('utf8', start + 1 + token.length, table)
    .trim()
    .split(' ')
    .filter(Boolean);
  const sizes = [...bytes.toString('utf8', table, body).matchAll(/^ *(\d+) (\S+\.[oe])$/gm)];
  const files = new Map<string, string>();
  let offset = body + token.length + 2;
  for (const [, size, name] of sizes) {
    files.set(String(name), bytes.toString('utf8', offset, offset + Number(size)));
    offset += Number(size);
  }
  const end = `${token}.\n`;
  if (bytes.length < offset + end.length || bytes.toString('utf8', offset, offset + end.length) !== end) {
    return undefined;
  }
  return replyOf(request, codes, files);
}

function replyOf({ enter, steps, probes }: Request, codes: string[], files: Map<string, string>): Reply {
  const seen = (name: string, code: string | undefined): Seen => ({
    code: Number(code ?? 1),
    stdout: files.get(`${name}.o`) ?? '',
    stderr: files.get(`${name}.e`) ?? '',
  });
  const left = [...codes];
  const z = left.at(-1)?.startsWith('z') ? Number(left.pop()?.slice(1)) : 0;
  const entered = enter ? seen('e', left.shift()) : undefined;
  const ran = steps.filter((_, i) => files.has(`s${digits(i)}.o`));
  const stepsSeen = ran.map((_, i) => seen(`s${digits(i)}`, left.shift()));
  const probed = files.has('z.o');
  const probesSeen = probed ? probes.map((_, i) => seen(`p${digits(i)}`, left.shift())) : [];
  const broken = probed && z !== 0 ? { code: z, stdout: '', stderr: files.get('z.e') ?? '' } : undefined;
  return {
    ...(entered ? { entered } : {}),
    steps: stepsSeen,
    probes: broken ? [] : probesSeen,
    ...(broken ? { broken } : {}),
  };
}

/** Four digits, so that the order of the shell's `*` is the numeric order. */
const digits = (i: number) => String(i).padStart(4, '0');
