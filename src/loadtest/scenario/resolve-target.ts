import { FltsError } from '../../contract/index.js';
import type { Endpoint } from '../generator/http-connection.js';

export interface Target {
  /** Without a slash at its end, a query or secrets. */
  readonly url: string;
  readonly endpoint: Endpoint;
  readonly hostHeader: string;
  /** What every path is put below; '' at the root. */
  readonly prefix: string;
}

/** More users or requests per second than these beyond the own machine ask for --yes. */
const REMOTE_USERS_MAX = 100;
const REMOTE_RATE_MAX = 1_000;
const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * The target of a URL. `http://host:8000/predict` means the service at `http://host:8000`. Throws FLTS_USAGE for what
 * is no http(s) URL or carries secrets.
 */
export function resolveTarget(text: string): Target {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch (cause) {
    throw new FltsError('FLTS_USAGE', `--target "${text}" is not a URL; write one such as http://127.0.0.1:8000.`, {
      cause,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new FltsError('FLTS_USAGE', `--target must begin with http:// or https://, not ${url.protocol}//.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new FltsError('FLTS_USAGE', '--target carries a user or password; send them with --header instead.');
  }
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/predict$/, '');
  const tls = url.protocol === 'https:';
  return {
    url: `${url.protocol}//${url.host}${prefix}`,
    endpoint: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
      tls,
    },
    hostHeader: url.host,
    prefix,
  };
}

/** Throws FLTS_TARGET_NOT_LOCAL when a heavy load is aimed beyond this machine without consent. */
export function checkConsent(
  target: Target,
  peak: { readonly users: number; readonly ratePerS: number },
  consent: boolean,
): void {
  const heavy = peak.users > REMOTE_USERS_MAX || peak.ratePerS > REMOTE_RATE_MAX;
  if (consent || !heavy || LOOPBACK.test(new URL(target.url).hostname)) return;
  const load = peak.users > REMOTE_USERS_MAX ? `${peak.users} users` : `${peak.ratePerS} requests per second`;
  throw new FltsError(
    'FLTS_TARGET_NOT_LOCAL',
    `${load} against ${target.url}, which is not this machine, need your consent.`,
  );
}
