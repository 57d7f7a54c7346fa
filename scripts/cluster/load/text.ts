import type { LoadReport } from './tally.ts';

/** A report as a person reads it. */
export function textOf(report: LoadReport): string {
  const { asked, answered, lost, retried, skipped, latency, gap, seconds, rate } = report;
  const lines = [
    `${asked} requests in ${seconds} s (${rate} a second), ${answered} answered as expected`,
    `lost      ${lost.idempotent} idempotent, ${lost.others} others`,
    ...(retried.asked > 0 ? [`retried   ${retried.asked}, ${retried.answered} then answered`] : []),
    ...(skipped > 0 ? [`skipped   ${skipped}: too many were under way`] : []),
    `latency   p50 ${latency.p50} ms, p99 ${latency.p99} ms, longest ${latency.max} ms`,
    `gap       ${gap} s, the longest without an answer`,
    ...report.nodes.map(
      ({ url, asked, outs }) => `node      ${url}: ${asked}${outs > 0 ? `, ${outs} × out` : ''}`,
    ),
    ...Object.entries(report.calls).flatMap(([name, { words }]) =>
      Object.entries(words).map(([word, number]) => `          ${name}: ${number} × ${word}`),
    ),
    ...report.failures.map(({ at, call, node, word }) => `          ${at} s: ${call} at ${node}: ${word}`),
    ...report.problems.map((problem) => `wrong     ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** One line while it runs. */
export const lineOf = ({ asked, lost, latency, seconds }: LoadReport) =>
  `${asked} requests, ${lost.idempotent + lost.others} lost, p99 ${latency.p99} ms: ${Math.round(seconds)} s`;

/** Nothing was lost, everything was sent, and what was acknowledged is so. */
export const isFlawless = ({ lost, skipped, problems }: LoadReport) =>
  lost.idempotent + lost.others + skipped + problems.length === 0;
