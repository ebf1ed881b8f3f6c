/** How models are reached where they are not in a folder: names as MLflow's and Amazon's own tools read them. */
export const SOURCE_SETTINGS = {
  mlflowTrackingUri: {
    kind: 'string',
    default: '',
    alsoEnv: ['MLFLOW_TRACKING_URI'],
    description: 'Address of the MLflow server that mlflow: registries are on, such as http://127.0.0.1:5000.',
  },
  mlflowTrackingUsername: {
    kind: 'string',
    default: '',
    alsoEnv: ['MLFLOW_TRACKING_USERNAME'],
    description: 'User for the MLflow server, where it asks for one.',
  },
  mlflowTrackingPassword: {
    kind: 'secret',
    default: '',
    alsoEnv: ['MLFLOW_TRACKING_PASSWORD'],
    description: 'Password of that user. Best given as MLFLOW_TRACKING_PASSWORD.',
  },
  mlflowTrackingToken: {
    kind: 'secret',
    default: '',
    alsoEnv: ['MLFLOW_TRACKING_TOKEN'],
    description: 'Bearer token for the MLflow server, instead of user and password.',
  },
  s3EndpointUrl: {
    kind: 'string',
    default: '',
    alsoEnv: ['MLFLOW_S3_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
    description:
      'Address of the S3 server, such as http://127.0.0.1:9000; empty: that of the AWS profile, else Amazon.',
  },
  s3Region: {
    kind: 'string',
    default: '',
    alsoEnv: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    description: 'Region of the bucket; empty: that of the AWS profile, else us-east-1.',
  },
  modelCacheFolder: {
    kind: 'string',
    default: '',
    description:
      'Where models from S3 and MLflow are kept on this machine; empty: flts/models in the user’s cache folder.',
  },
  modelCacheMaxBytes: {
    kind: 'integer',
    min: 1024,
    max: 1_099_511_627_776,
    default: 4_294_967_296,
    description: 'Most bytes in that folder; the longest unused models go first.',
  },
} as const;
