import { z } from 'zod';
import { certificateFiles } from './certificate.ts';

const port = z.int().min(1).max(65535);

export const vars = z
  .strictObject({
    upstreams: z.array(z.string().regex(/^[\w.:[\]-]+:\d+$/, 'expected address:port')).min(1),
    server_name: z.string().regex(/^[\w.*-]+( [\w.*-]+)*$/, 'expected names of hosts'),
    http_port: port,
    https_port: port,
    tls: z.enum(['none', 'self_signed', 'files']),
    certificate_file: z.string().nullable(),
    key_file: z.string().nullable(),
    max_body: z.string().regex(/^\d+[kmg]?$/, 'expected a size such as 1m'),
    metrics_from: z.array(
      z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], 'expected an address or a network'),
    ),
    retry: z.boolean(),
  })
  .superRefine(certificateFiles);
