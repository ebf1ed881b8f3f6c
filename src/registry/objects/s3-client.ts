import type { S3Client } from '@aws-sdk/client-s3';
import { FltsError } from '../../contract/index.js';

export interface S3Access {
  /** `http(s)://host:port` of an S3-like server; empty: what the AWS configuration says, else AWS itself. */
  readonly endpointUrl: string;
  /** Empty: what the AWS configuration says, else us-east-1. */
  readonly region: string;
}

/** Servers other than AWS do not care, but a signature needs one. */
const DEFAULT_REGION = 'us-east-1';
const CONNECT_TIMEOUT_MS = 5000;

/**
 * A client whose credentials come from AWS's chain: environment, profile, web identity, container, instance. The
 * library is loaded here, and not by those who never go to S3. It tries nothing again: SourceGuard does.
 */
export async function createS3Client({ endpointUrl, region }: S3Access): Promise<S3Client> {
  const endpoint = endpointUrl === '' ? null : parseEndpoint(endpointUrl);
  // Which Node a later version of the library will want concerns whoever raises its version, not the user.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const { S3Client } = await import('@aws-sdk/client-s3');
  return new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    region: region === '' ? await configuredRegion() : region,
    forcePathStyle: true,
    followRegionRedirects: false,
    maxAttempts: 1,
    // Many S3-like servers refuse the trailing checksums of newer clients. Digests of ours are checked instead.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS },
  });
}

/** The region of environment or profile, as the AWS tools find it. */
async function configuredRegion(): Promise<string> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const probe = new S3Client({});
  try {
    return await probe.config.region();
  } catch {
    // The client has no other way to say that none is configured.
    return DEFAULT_REGION;
  } finally {
    probe.destroy();
  }
}

function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new FltsError(
      'FLTS_SETTINGS',
      'The S3 endpoint must be http://HOST:PORT or https://HOST, without a user in it.',
    );
  }
  return url.href;
}
