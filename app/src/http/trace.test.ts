import t from 'tap';
import { traceOf, traceparent } from './trace.ts';

const [id, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

t.test('a well-formed traceparent is gone on with', async (t) => {
  const cases: [string, string][] = [
    [`00-${id}-${span}-01`, '01'],
    [`00-${id}-${span}-00`, '00'],
    [`00-${id}-${span}-03`, '01'],
    [`01-${id}-${span}-01-more`, '01'],
  ];
  for (const [header, flags] of cases) {
    const trace = traceOf(header);
    t.match(trace, { traceId: id, parentId: span, flags }, header);
    t.not(trace.spanId, span, 'a span of its own');
    t.equal(traceparent(trace), `00-${id}-${trace.spanId}-${flags}`);
  }
});

t.test('anything else begins a trace', async (t) => {
  const cases = [
    undefined,
    '',
    'x',
    `ff-${id}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${id}-${span}`,
    [`00-${id}-${span}-01`],
  ];
  for (const header of cases) {
    const trace = traceOf(header);
    t.match(trace, { traceId: /^[0-9a-f]{32}$/, spanId: /^[0-9a-f]{16}$/, flags: '00' }, String(header));
    t.not(trace.traceId, id);
    t.equal(trace.parentId, undefined);
  }
});

t.test('a thousand traces, a thousand names', async (t) => {
  const traces = Array.from({ length: 1000 }, () => traceOf(undefined));
  t.equal(new Set(traces.map(({ traceId }) => traceId)).size, 1000);
  t.equal(new Set(traces.map(({ spanId }) => spanId)).size, 1000);
});
