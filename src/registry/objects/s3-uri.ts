import { FltsError } from '../../contract/index.js';
import { isPlainPath } from './object-key.js';
import { shownUri } from './shown-uri.js';

export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
}

/** Plain names only: an ARN or an access point as bucket would lead the client to another host. */
const BUCKET = /^(?!.*--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** `s3://bucket` or `s3://bucket/prefix`. Throws FLTS_USAGE for anything else. */
export function parseS3Uri(uri: string): S3Location {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/]*)\/?(.*)$/s.exec(uri) ?? [];
  const prefix = path.replace(/\/$/, '');
  if (!BUCKET.test(bucket) || (prefix !== '' && !isPlainPath(prefix))) {
    throw new FltsError('FLTS_USAGE', `${JSON.stringify(shownUri(uri))} is not a place on S3.`, {
      remedy: 'Give s3://BUCKET or s3://BUCKET/PREFIX; credentials go into the environment or a profile.',
    });
  }
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}
