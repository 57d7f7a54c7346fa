import type { LoadReport } from './report.ts';

/** A report as text. */
export function textOf(report: LoadReport): string {
  const { asked, answered, lost, retried, skipped, latency, gap, seconds, rate } = report;
  const lines = [
    `${asked} requests in ${seconds} s (${rate} per second), ${answered} answered as expected`,
    `lost      ${lost.idempotent} idempotent, ${lost.others} other`,
    ...(retried.asked > 0 ? [`retried   ${retried.asked}, of which ${retried.answered} were answered`] : []),
    ...(skipped > 0 ? [`skipped   ${skipped}, because too many were in flight`] : []),
    `latency   p50 ${latency.p50} ms, p99 ${latency.p99} ms, max ${latency.max} ms`,
    `gap       ${gap} s, the longest time without an answer`,
    ...report.nodes.map(
      ({ url, asked, outages }) =>
        `node      ${url}: ${asked} requests${outages > 0 ? `, ${outages} × out of service` : ''}`,
    ),
    ...Object.entries(report.calls).flatMap(([name, { errors }]) =>
      Object.entries(errors).map(([reason, number]) => `          ${name}: ${number} × ${reason}`),
    ),
    ...report.failures.map(
      ({ at, call, node, reason }) => `          ${at} s: ${call} to ${node}: ${reason}`,
    ),
    ...report.problems.map((problem) => `problem   ${problem}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The progress line. */
export const lineOf = ({ asked, lost, latency, seconds }: LoadReport) =>
  `${asked} requests, ${lost.idempotent + lost.others} lost, p99 ${latency.p99} ms: ${Math.round(seconds)} s`;

/** Whether every request was sent and answered, and all acknowledged data is there. */
export const isFlawless = ({ lost, skipped, problems }: LoadReport) =>
  lost.idempotent + lost.others + skipped + problems.length === 0;
