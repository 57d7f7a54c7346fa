import { styleText } from 'node:util';
import type { Diff } from '../language/resource.ts';
import type { Event, HostRecap, Reporter } from './events.ts';

export interface TerminalOptions {
  readonly out: NodeJS.WriteStream;
  /** Formats a diff; without it no diffs are shown. */
  readonly patch?: Patch | undefined;
  /** Prints a line for every resource, including those already in the desired state. */
  readonly verbose: boolean;
}

export type Color = Parameters<typeof styleText>[0];
export type Patch = (diff: Diff, color: (style: Color, text: string) => string) => string;
/** Seconds between two progress lines about the same topic if the output is not a terminal. */
const QUIET = 10;

/** Readable output. On a terminal the last line shows the current progress. */
export function terminalReporter({ out, patch, verbose }: TerminalOptions): Reporter {
  const color = (style: Color, text: string) =>
    out.hasColors?.() && !process.env.NO_COLOR ? styleText(style, text, { validateStream: false }) : text;
  const unchanged = new Map<string, { role: string; ok: number }>();
  const lastPrinted = new Map<string, number>();
  let status = false;

  const write = (line: string) => {
    if (status) out.write('\r\x1b[K');
    status = false;
    out.write(`${line}\n`);
  };
  const wait = (topic: string, message: string) => {
    const text = `  … ${topic}: ${message}`;
    if (out.isTTY) {
      out.write(`\r\x1b[K${color('dim', text.slice(0, (out.columns || 80) - 1))}`);
      status = true;
      return;
    }
    const now = performance.now() / 1000;
    if (now - (lastPrinted.get(topic) ?? -QUIET) < QUIET) return;
    lastPrinted.set(topic, now);
    write(text);
  };
  /** Prints how many resources of a role did not need to change. */
  const close = (host: string) => {
    const { role, ok } = unchanged.get(host) ?? {};
    if (role !== undefined && ok) write(color('green', `  ✓ ${host}  ${role}: ${ok} ok`));
    unchanged.delete(host);
  };
  const resource = (event: Extract<Event, { event: 'resource' }>) => {
    const { host, role, status, changes, predicted } = event;
    const before = unchanged.get(host) ?? { role, ok: 0 };
    if (status === 'ok' && !verbose) {
      unchanged.set(host, { role, ok: before.ok + 1 });
      return;
    }
    const prediction = predicted ? ' (predicted)' : '';
    if (status === 'ok') return write(color('green', `  ✓ ${host}  ${role}: ${event.resource}${prediction}`));
    for (const change of changes) {
      const words = { pending: 'would ', changed: '', skipped: 'skipped: ' }[status];
      const took = status === 'changed' && event.seconds >= 1 ? `  ${event.seconds.toFixed(1)} s` : '';
      write(
        color(
          'yellow',
          `  ~ ${host}  ${role}: ${event.resource}: ${words}${change.summary}${prediction}${took}`,
        ),
      );
      if (patch && change.diff) write(patch(change.diff, color));
    }
  };

  return (event) => {
    switch (event.event) {
      case 'start':
        return write(
          `${color('bold', event.approach)} on ${event.hosts.join(', ')} (${event.provider}${event.why ? `: ${event.why}` : ''})${event.check ? ', dry run' : ''}`,
        );
      case 'progress':
        return wait(event.topic, event.message);
      case 'role':
        return close(event.host);
      case 'resource':
        return resource(event);
      case 'handler': {
        const words = event.status === 'ran' ? 'ran' : 'would run';
        return write(color('yellow', `  ↻ ${event.host}  ${event.role}: ${words} ${event.handler}`));
      }
      case 'verify':
        close('');
        for (const host of [...unchanged.keys()]) close(host);
        return write(
          color(
            event.ok ? 'green' : 'red',
            `  ${event.ok ? '✓' : '✗'} ${event.check}${event.answer ? ` → ${event.answer}` : ''}`,
          ),
        );
      case 'warning':
        return write(color('yellow', `  ! ${event.message}`));
      case 'note':
        for (const host of [...unchanged.keys()]) close(host);
        return write(`  · ${event.message}`);
      case 'error': {
        if (event.host) close(event.host);
        write(
          color(
            'red',
            `  ✗ ${event.host ? `${event.host}  ` : ''}${event.message.replaceAll('\n', '\n    ')}`,
          ),
        );
        for (const line of event.said?.split('\n').slice(verbose ? 0 : -12) ?? []) write(`      ${line}`);
        if (event.todo) write(`    → ${event.todo}`);
        return;
      }
      case 'recap': {
        for (const host of [...unchanged.keys()]) close(host);
        const width = Math.max(0, ...event.hosts.map(({ host }) => host.length));
        write('');
        for (const host of event.hosts) write(recapLine(host, width, color));
        const [url] = event.exitCode === 0 ? event.urls : [];
        if (url)
          write(
            `\nTheAPP answers at ${event.urls.join(' and ')}\n  curl ${url.startsWith('https') ? '-k ' : ''}${url}`,
          );
      }
    }
  };
}

function recapLine(recap: HostRecap, width: number, color: (style: Color, text: string) => string): string {
  const { host, ok, changed, failed, unreachable, handlers, roundTrips, seconds } = recap;
  const style = failed + unreachable > 0 ? 'red' : changed > 0 ? 'yellow' : 'green';
  const counts = `ok=${ok} changed=${changed} failed=${failed} unreachable=${unreachable} handlers=${handlers}`;
  const trips = `${roundTrips} round trip${roundTrips === 1 ? '' : 's'}, ${seconds.toFixed(1)} s`;
  return `${color(style, host.padEnd(width))} : ${counts}   ${trips}`;
}
